import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../dev/steps';
import { formatCell, isNumeric, type Table } from '../product';
import { COSTS, type CostName } from './costs';
import type { readCosts } from './costs-file';
import { MILLION } from './estimate';
import { capacityTables } from './tables';

export const DOCUMENT = join(PROJECT, 'docs', 'SCALING.md');

/** A table as Markdown, numbers aligned right, its note below. */
export function markdownTable(table: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = table.columns.map((_, column) => (isNumeric(table, column) ? '---:' : '---'));
  const rows = table.rows.map((row) =>
    line(table.columns.map((_, column) => formatCell(row[column] ?? ''))),
  );
  const lines = [line(table.columns), line(rule), ...rows];
  return table.note === undefined ? lines.join('\n') : `${lines.join('\n')}\n\n${table.note}`;
}

/**
 * Puts texts between the marks `<!-- begin: name -->` and `<!-- end: name -->` of a document.
 * @throws Error when a mark is missing
 */
export function fillDocument(document: string, texts: Readonly<Record<string, string>>): string {
  let filled = document;
  for (const [name, text] of Object.entries(texts)) {
    const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [filled.indexOf(begin), filled.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the document has no place for ${name}`);
    filled = `${filled.slice(0, from + begin.length)}\n\n${text}\n\n${filled.slice(to)}`;
  }
  return filled;
}

type Known = ReturnType<typeof readCosts>;

function costsText({ costs, runs }: Known): string {
  const names = Object.keys(COSTS) as CostName[];
  const rows = names.map((name) => [`\`${name}\``, formatCell(costs[name]), COSTS[name]]);
  const measured = runs.map(({ date, commit, machine, node, note, costs: own }) => {
    const which = runs.length === 1 ? 'All' : `${Object.keys(own).length} of them`;
    const where = `${which} measured ${date.slice(0, 10)} at commit \`${commit}\` on ${machine}, Node ${node}.`;
    return note === undefined ? where : `${where} ${note}`;
  });

  return `${markdownTable({ columns: ['name', 'value', 'of what'], rows })}\n\n${measured.join('\n\n')}`;
}

/** docs/SCALING.md as the unit costs and the model make it. */
export function renderDocument(known: Known): string {
  const { rates, deployment, storage } = capacityTables(MILLION, known.costs);
  const assumptions: Table = {
    columns: ['assumption', 'value'],
    rows: Object.entries(MILLION).map(([name, value]) => [`\`${name}\``, value as number]),
  };
  return fillDocument(readFileSync(DOCUMENT, 'utf8'), {
    'unit costs': costsText(known),
    assumptions: markdownTable(assumptions),
    rates: markdownTable(rates),
    deployment: markdownTable(deployment),
    storage: markdownTable(storage),
  });
}

/** Writes docs/SCALING.md anew. @returns the file */
export function writeDocument(known: Known): string {
  writeFileSync(DOCUMENT, renderDocument(known));
  return DOCUMENT;
}
