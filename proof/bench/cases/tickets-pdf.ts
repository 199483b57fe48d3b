import { join } from 'node:path';
import type { Bench, Case, Figures } from '../case';
import { perSecond, scaled } from '../holds';
import { startPrinter, type Printer } from '../baselines/pdf/printer';
import { memoryBytesOf } from '../memory';
import { takeTurns } from '../turns';

const TICKETS = 200;
const WARM_UP = 40;
/** Printed without a pause; the memory is read after each portion. */
const PORTIONS = 16;
const PORTION = 125;
const MEGABYTE = 1_000_000;

async function withPrinter(
  bench: Bench,
  work: (printer: Printer) => Promise<Figures>,
): Promise<Figures> {
  const printer = await startPrinter(join(bench.stack.logFolder, 'bench-print.log'));
  try {
    return await work(printer);
  } finally {
    await printer.close();
  }
}

async function measureRate(bench: Bench, round: number, printer: Printer): Promise<Figures> {
  const count = scaled(bench, TICKETS);
  const figures: Figures = {};
  await printer.print({ side: 'ours', count: WARM_UP });
  const turn = (side: 'ours' | 'baseline') => ({
    of: side,
    measure: async () => {
      const { wallMs, bytes } = await printer.print({ side, count });
      figures[`${side}PagesPerSecond`] = perSecond(count, wallMs);
      figures[`${side}PageBytes`] = bytes / count;
    },
  });
  await takeTurns(bench, round, [turn('ours'), turn('baseline')]);
  return figures;
}

/** Tickets, each a document of one page. */
export const ticketsPdf: Case = {
  id: 'tickets-pdf',
  title: 'Tickets printed, two documents of a page at a time',
  rounds: 3,
  targets: [
    {
      title: 'pages per second, relative to pdf',
      of: ({ oursPagesPerSecond, baselinePagesPerSecond }) =>
        oursPagesPerSecond! / baselinePagesPerSecond!,
      atLeast: 0.5,
    },
  ],
  measure: (bench, round) => withPrinter(bench, (printer) => measureRate(bench, round, printer)),
};

async function measureMemory(bench: Bench, printer: Printer): Promise<Figures> {
  const memory: number[] = [];
  const portion = scaled(bench, PORTION);
  await bench.quiesce();
  for (let done = 0; done < PORTIONS; done++) {
    await printer.print({ side: 'ours', count: portion });
    memory.push(memoryBytesOf(printer.pid) / MEGABYTE);
    bench.progress(`${(done + 1) * portion} tickets: ${memory.at(-1)!.toFixed(0)} MB`);
  }
  bench.chart({
    kind: 'line',
    title: 'Tickets without a pause: memory of the printer and its browser',
    xLabel: 'tickets',
    yLabel: 'MB',
    series: [
      {
        name: 'memory',
        points: memory.map((megabytes, index) => [(index + 1) * portion, megabytes] as const),
      },
    ],
  });
  const quarter = PORTIONS / 4;
  return {
    ticketsCount: PORTIONS * portion,
    firstQuarterMegabytes: Math.max(...memory.slice(0, quarter)),
    lastQuarterMegabytes: Math.max(...memory.slice(-quarter)),
  };
}

/** Whether the memory of a busy printer grows. */
export const ticketsMemory: Case = {
  id: 'tickets-memory',
  title: '2,000 tickets without a pause: memory of the printer and its browser',
  rounds: 1,
  targets: [
    {
      title: 'peak memory in the last quarter, relative to the first',
      of: ({ firstQuarterMegabytes, lastQuarterMegabytes }) =>
        lastQuarterMegabytes! / firstQuarterMegabytes!,
      atMost: 1.1,
    },
  ],
  measure: (bench) => withPrinter(bench, (printer) => measureMemory(bench, printer)),
};
