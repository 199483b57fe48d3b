import type { Bench, BenchEvent, Case, Figures } from '../case';
import { expectStatuses, perSecond, selectKoa, scaled } from '../holds';
import type { LoadResult } from '../load/driver';
import { takeTurns } from '../turns';

const SEATS = 20_000;
const UNCHANGED = 5_000;
const FULL = 500;
const CONNECTIONS = 10;
const GZIP = { 'Accept-Encoding': 'gzip' };

const pathOf = ({ slug }: BenchEvent): string => `/v1/events/${slug}/seats`;

/** Reads the map once. @returns its ETag. @throws Error unless it is complete and compressed */
async function readMapOnce({ apiUrl }: Bench, event: BenchEvent): Promise<string> {
  const answer = await fetch(apiUrl + pathOf(event), { headers: GZIP });
  const { data } = (await answer.json()) as { data: { label: string; status: string }[] };
  const etag = answer.headers.get('etag');
  if (answer.headers.get('content-encoding') !== 'gzip' || etag === null)
    throw new Error('the map is not compressed');
  const free = data.filter(({ status }) => status === 'available').length;
  if (free !== event.labels.length)
    throw new Error(`the map shows ${free} of ${event.labels.length} seats free`);
  return etag;
}

async function measure(bench: Bench, round: number): Promise<Figures> {
  const figures: Figures = {};
  const event = await bench.makeEvent(scaled(bench, SEATS));
  const etag = await readMapOnce(bench, event);
  const readMap = (count: number, headers: Record<string, string>): Promise<LoadResult> => {
    const requests = Array.from({ length: count }, () => ({
      method: 'GET',
      path: pathOf(event),
      headers,
    }));
    return bench.load.run({ baseUrl: bench.apiUrl, requests, connections: CONNECTIONS });
  };
  const unchanged = async (): Promise<void> => {
    const result = await readMap(scaled(bench, UNCHANGED), { ...GZIP, 'If-None-Match': etag });
    expectStatuses(result, { 304: result.ms.length });
    figures.unchangedPerSecond = perSecond(result.ms.length, result.wallMs);
  };
  const full = async (): Promise<void> => {
    const result = await readMap(scaled(bench, FULL), GZIP);
    expectStatuses(result, { 200: result.ms.length });
    figures.fullPerSecond = perSecond(result.ms.length, result.wallMs);
  };
  const select = async (): Promise<void> => {
    const seats = event.labels.slice(0, scaled(bench, UNCHANGED));
    const result = await selectKoa(bench, event, seats, CONNECTIONS);
    figures.selectPerSecond = perSecond(seats.length, result.wallMs);
  };
  await takeTurns(bench, round, [
    { of: 'ours', measure: unchanged },
    { of: 'ours', measure: full },
    { of: 'baseline', measure: select },
  ]);
  return figures;
}

/** The request that each visitor's browser sends again and again. */
export const seatMap: Case = {
  id: 'seat-map',
  title: 'The map of 20,000 seats, unchanged, 10 at a time',
  rounds: 3,
  targets: [
    {
      title: 'unchanged (304) per second, relative to koa-select',
      of: ({ unchangedPerSecond, selectPerSecond }) => unchangedPerSecond! / selectPerSecond!,
      atLeast: 0.6,
    },
    {
      title: 'whole, compressed, per second, relative to koa-select',
      of: ({ fullPerSecond, selectPerSecond }) => fullPerSecond! / selectPerSecond!,
      atLeast: 0.1,
    },
  ],
  measure,
};
