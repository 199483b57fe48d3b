import { readFileSync } from 'node:fs';
import { readCosts } from '../../proof/capacity/costs-file';
import {
  DOCUMENT,
  fillDocument,
  markdownTable,
  renderDocument,
} from '../../proof/capacity/document';

test('a table in Markdown has its numbers on the right and its note below', () => {
  const table = {
    columns: ['what', 'ms'],
    rows: [
      ['a hold', 1.5],
      ['many', 12_345],
    ],
    note: 'A note.',
  };
  expect(markdownTable(table).split('\n')).toEqual([
    '| what | ms |',
    '| --- | ---: |',
    '| a hold | 1.50 |',
    '| many | 12,345 |',
    '',
    'A note.',
  ]);
});

test('the text between the marks is replaced, any number of times, and the rest stays', () => {
  const page = '# Page\n\n<!-- begin: one -->\n\nold\n\n<!-- end: one -->\n\nkept\n';
  const filled = fillDocument(fillDocument(page, { one: 'new' }), { one: 'newer' });
  expect(filled).toBe('# Page\n\n<!-- begin: one -->\n\nnewer\n\n<!-- end: one -->\n\nkept\n');
  expect(() => fillDocument(page, { two: '' })).toThrow('no place for two');
});

test('docs/SCALING.md shows the unit costs and what they come to: npm run capacity -- --document', () => {
  expect(renderDocument(readCosts())).toBe(readFileSync(DOCUMENT, 'utf8'));
});
