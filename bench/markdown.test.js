import assert from 'node:assert/strict';
import { test } from 'node:test';
import { list, paragraph, table } from './markdown.js';

test('columns of numbers are set to the right', () => {
  assert.equal(
    table(
      ['who', 'ms:'],
      [
        ['one', '1.00'],
        ['another', '12.00'],
      ],
    ),
    ['| who     |    ms |', '| ------- | ----: |', '| one     |  1.00 |', '| another | 12.00 |'].join('\n'),
  );
});

test('a table without rows is its header', () => {
  assert.equal(table(['a', 'b:'], []), '| a   |   b |\n| --- | --: |');
});

test('text is broken into lines of 120 columns, however it was broken before', () => {
  const lines = paragraph(`${'word '.repeat(20)}\n   ${'word '.repeat(20)}`).split('\n');
  assert.deepEqual(
    lines.map((line) => line.length),
    [119, 79],
  );
});

test('the later lines of an item are aligned with its first', () => {
  const lines = list(['word '.repeat(30), 'next']).split('\n');
  assert.deepEqual(
    lines.map((line) => line.slice(0, 6)),
    ['* word', '  word', '* next'],
  );
});
