import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { renderChart, type Chart } from './charts';
import { escapeText } from './escape';
import { STYLE } from './style';
import { formatCell, isNumeric, type Table } from '../product';

export interface Report {
  title: string;
  /** Paragraphs: the method and the terms. */
  intro: readonly string[];
  /** The result in one sentence, and whether the run passed. */
  verdict?: { ok: boolean; text: string };
  tables: readonly Table[];
  charts: readonly Chart[];
  /** The conditions of the run: date, machine, commit. */
  meta: Readonly<Record<string, string>>;
}

function renderTable(table: Table): string {
  const kind = table.columns.map((_, column) =>
    isNumeric(table, column) ? ' class="figure"' : '',
  );
  const head = table.columns.map(
    (label, column) => `<th scope="col"${kind[column]!}>${escapeText(label)}</th>`,
  );
  const rows = table.rows.map(
    (row) =>
      `<tr>${table.columns.map((_, column) => `<td${kind[column]!}>${escapeText(formatCell(row[column] ?? ''))}</td>`).join('')}</tr>`,
  );
  const title = table.title ? `<h2>${escapeText(table.title)}</h2>` : '';
  const note = table.note ? `<p class="note">${escapeText(table.note)}</p>` : '';
  return (
    `<section>${title}<div class="scroll"><table><thead><tr>${head.join('')}</tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table></div>${note}</section>`
  );
}

/** A self-contained HTML file without scripts; light or dark by the reader's setting. */
export function renderReport({ title, intro, verdict, tables, charts, meta }: Report): string {
  const paragraphs = intro.map((text) => `<p>${escapeText(text)}</p>`).join('');
  const facts = Object.entries(meta).map(
    ([name, value]) => `<div><dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd></div>`,
  );
  const verdictLine = verdict
    ? `<p class="verdict ${verdict.ok ? 'good' : 'bad'}"><b>${verdict.ok ? 'Passed' : 'Failed'}</b> ${escapeText(verdict.text)}</p>`
    : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><p class="brand">Holdfast</p><h1>${escapeText(title)}</h1>${verdictLine}${paragraphs}</header>
${tables.map(renderTable).join('\n')}
<div class="charts">${charts.map(renderChart).join('\n')}</div>
<footer><dl>${facts.join('')}</dl></footer>
</main>
</body>
</html>
`;
}

/** Writes a report and creates its folder. @returns the full path */
export function saveReport(file: string, report: Report): string {
  const path = resolve(file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, renderReport(report));
  return path;
}
