import type { Measured } from '../costs';
import type { LoadRequest } from '../../bench/load/driver';
import { each, freeze, holdRequests, makeEvent, send, type Run } from './run';

const CACHED = 300;
const UNCHANGED = 2_000;
const REBUILT = 40;

/** The size of a compressed answer, and its tag. */
async function readMap(url: string): Promise<{ bytes: number; etag: string }> {
  const answer = await fetch(url, { headers: { 'accept-encoding': 'gzip' } });
  await answer.arrayBuffer();
  const { headers } = answer;
  const bytes = Number(headers.get('content-length'));
  if (headers.get('content-encoding') !== 'gzip' || !(bytes > 0))
    throw new Error('the seat map is not compressed');
  return { bytes, etag: headers.get('etag') ?? '' };
}

/** Measures the seat map of a big event: whole from the cache, unchanged, and rebuilt after a hold. */
export async function measureMap(run: Run, seats: number): Promise<Measured> {
  const { system, meter, progress } = run;
  progress(`the map of ${seats} seats`);
  const event = await makeEvent(run, seats);
  const path = `/v1/events/${event.slug}/seats`;
  const { bytes, etag } = await readMap(system.stack.info().apiUrl + path);
  const read: LoadRequest = { method: 'GET', path, headers: { 'Accept-Encoding': 'gzip' } };
  const readAgain: LoadRequest = { ...read, headers: { ...read.headers, 'If-None-Match': etag } };
  const times = (howOften: number, request: LoadRequest) =>
    Array.from({ length: howOften }, () => request);
  const whole = await meter.during(() => send(run, times(CACHED, read), { 200: CACHED }, 1));
  const same = await meter.during(() => send(run, times(UNCHANGED, readAgain), { 304: UNCHANGED }));
  const thaw = freeze(run, 'relay');
  const holds = holdRequests(run, event, event.labels.slice(0, REBUILT));
  const holdAndRead = holds.flatMap(({ request }) => [request, read]);
  const anew = await meter
    .during(() => send(run, holdAndRead, { 201: REBUILT, 200: REBUILT }, 1))
    .finally(thaw);
  const [cached, unchanged, rebuilt] = [
    each(whole.spent, CACHED),
    each(same.spent, UNCHANGED),
    each(anew.spent, REBUILT),
  ];
  return {
    'api.map': cached.api,
    'api.unchanged': unchanged.api,
    'postgres.unchanged': unchanged.postgres,
    'api.map.thousand': (1000 * Math.max(0, rebuilt.api - cached.api)) / seats,
    'postgres.map.thousand': (1000 * rebuilt.postgres) / seats,
    'map.seat.bytes': bytes / seats,
  };
}
