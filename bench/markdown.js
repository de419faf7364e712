/** What stands where there is nothing to say. */
export const NONE = '–';

/** Columns of running text. */
const WIDTH = 120;

/**
 * A Markdown table, its columns padded so that it can be read as it is.
 * @param {string[]} header names that end in a colon are of columns of numbers
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
 * A text broken into lines, the first after `indent`, the others aligned with it.
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
