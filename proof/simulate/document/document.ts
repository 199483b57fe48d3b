import { join } from 'node:path';
import { PROJECT } from '../../../dev/steps';
import { formatCell, type Table } from '../../product';
import { chartsOf as checkCharts, comparisonTable, errorSummary, type Compared } from '../check/compare';
import type { KnownCosts } from '../costs-file';
import { COSTS, type CostName } from '../model/costs';
import { chartsOf as scaleCharts } from '../scale/report';
import type { ScaleResult } from '../scale/scale';
import { fillDocument, markdownTable } from './fill';
import { savePictures } from './pictures';

const DOCUMENT = join(PROJECT, 'docs', 'SCALING.md');
const PICTURES = join(PROJECT, 'docs', 'images');

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

function costsTable({ costs, file }: KnownCosts): string {
  const table: Table = {
    columns: ['what', 'value', 'of what'],
    rows: (Object.keys(COSTS) as CostName[]).map((name) => [`\`${name}\``, formatCell(costs[name]), COSTS[name]]),
  };
  const assumed = Object.entries(file.costs).flatMap(([name, cost]) =>
    cost.measuredBy === 'provisional' ? [`\`${name}\``] : [],
  );
  const warning = assumed.length === 0 ? '' : `\n\n**Assumed, not measured yet:** ${assumed.join(', ')}.`;
  return (
    `${markdownTable(table)}${warning}\n\nMeasured ${file.date.slice(0, 10)} at commit \`${file.commit}\` on ${file.machine}, ` +
    `Node ${file.node}, by \`npm run simulate -- --measure\`.`
  );
}

function checkText(compared: readonly Compared[]): string {
  const errors = errorSummary(compared).map(
    ({ name, mean, worst }) => `${name} by ${percent(mean)} on average and ${percent(worst)} at worst`,
  );
  return `${markdownTable(comparisonTable(compared))}\n\nThe simulation is off for ${errors.join('; for ')}.`;
}

const withNote = (table: Table): string =>
  table.note === undefined ? markdownTable(table) : `${markdownTable(table)}\n\n${table.note}`;

/** Writes what was measured, checked and simulated into docs/SCALING.md, with pictures of the charts. */
export async function writeDocument(
  known: KnownCosts,
  compared: readonly Compared[],
  result: ScaleResult,
): Promise<string> {
  const tables = Object.fromEntries(result.tables.map((table) => [table.title ?? '', table]));
  const tableOf = (title: string): string => {
    const table = tables[title];
    if (!table) throw new Error(`there is no table ${title}`);
    return withNote(table);
  };
  fillDocument(DOCUMENT, {
    'unit costs': costsTable(known),
    check: checkText(compared),
    load: tableOf('The load, by multiplication'),
    deployments: tableOf('Deployments'),
    outcome: tableOf('What becomes of it'),
    use: tableOf('How full it gets'),
    maps: tableOf('Where the seat map comes from'),
    'more load': tableOf('More and more load'),
    disk: tableOf('Disk and actions'),
  });
  const ramp = compared.find(({ play }) => play.kind === 'ramp');
  const scale = scaleCharts(result.run);
  await savePictures(
    PICTURES,
    new Map([
      ...(ramp ? [['scaling-check', checkCharts(ramp).at(-1)!] as const] : []),
      ['scaling-answers', scale[1]!],
      ['scaling-latency', scale[2]!],
      ['scaling-backlog', scale.find(({ title }) => title.startsWith('Work behind'))!],
    ]),
  );
  return DOCUMENT;
}
