import { readFileSync, writeFileSync } from 'node:fs';
import { formatCell, isNumeric, type Table } from '../../product';

/** A table as Markdown, figures to the right. */
export function markdownTable(table: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = table.columns.map((_, column) => (isNumeric(table, column) ? '---:' : '---'));
  const rows = table.rows.map((row) => line(table.columns.map((_, column) => formatCell(row[column] ?? ''))));
  return [line(table.columns), line(rule), ...rows].join('\n');
}

/**
 * Puts texts between the marks of a document: `<!-- begin: name -->` and `<!-- end: name -->`.
 * @throws Error when a mark is missing
 */
export function fillDocument(file: string, texts: Readonly<Record<string, string>>): void {
  let document = readFileSync(file, 'utf8');
  for (const [name, text] of Object.entries(texts)) {
    const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [document.indexOf(begin), document.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${file} has no place for ${name}`);
    document = `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
  }
  writeFileSync(file, document);
}
