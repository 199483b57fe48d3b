import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillDocument, markdownTable } from '../../proof/simulate/document/fill';

test('a table in Markdown has its figures on the right', () => {
  const table = {
    columns: ['what', 'ms'],
    rows: [
      ['a hold', 1.5],
      ['many', 12_345],
    ],
  };
  expect(markdownTable(table).split('\n')).toEqual([
    '| what | ms |',
    '| --- | ---: |',
    '| a hold | 1.50 |',
    '| many | 12,345 |',
  ]);
});

test('what stands between the marks is replaced, again and again, and the rest stays', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'holdfast-document-')), 'page.md');
  writeFileSync(file, '# Page\n\n<!-- begin: one -->\n\nold\n\n<!-- end: one -->\n\nkept\n');
  fillDocument(file, { one: 'new' });
  fillDocument(file, { one: 'newer' });
  expect(readFileSync(file, 'utf8')).toBe('# Page\n\n<!-- begin: one -->\n\nnewer\n\n<!-- end: one -->\n\nkept\n');
  expect(() => fillDocument(file, { two: '' })).toThrow('no place for two');
});
