/** Stands for a missing value. */
export const NONE = '–';

/** The line length of text. */
const WIDTH = 120;

/**
 * A Markdown table with padded columns, so that its source is readable.
 * @param {string[]} header a name that ends in a colon makes a column of numbers
 * @param {string[][]} rows
 */
export function table(header, rows) {
  const right = header.map((name) => name.endsWith(':'));
  const names = header.map((name) => name.replace(/:$/, ''));
  const widths = names.map((name, i) => Math.max(3, name.length, ...rows.map((row) => row[i].length)));
  /** @param {string[]} cells */
  const line = (cells) =>
    `| ${cells.map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`;
  const rule = widths.map((width, i) => (right[i] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(names), line(rule), ...rows.map(line)].join('\n');
}

/**
 * Breaks a text into lines, the first after `indent`, the others aligned with it.
 * @param {string} text
 * @param {string} [indent]
 */
export function paragraph(text, indent = '') {
  const lines = [];
  let line = '';
  for (const word of text.trim().split(/\s+/)) {
    if (line && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line += line ? ` ${word}` : word;
    }
  }
  return indent + [...lines, line].join(`\n${' '.repeat(indent.length)}`);
}

/** @param {string[]} texts */
export function list(texts) {
  return texts.map((text) => paragraph(text, '* ')).join('\n');
}
