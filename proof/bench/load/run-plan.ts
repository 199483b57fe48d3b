import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { encodeRequest, openConnection, type Connection } from './connection';
import type { LoadPlan, LoadResult } from './plan';

const CONNECT_AT_ONCE = 100;
/** Timers are late by up to 2 ms: with enough time the rest is a busy wait. */
const WAKE_EARLY_MS = 2;

async function openAll(plan: LoadPlan): Promise<Connection[]> {
  const connections: Connection[] = [];
  // In batches, because the accept queue of the server is finite.
  while (connections.length < plan.connections) {
    const count = Math.min(CONNECT_AT_ONCE, plan.connections - connections.length);
    const opening = Array.from({ length: count }, () =>
      openConnection(plan.baseUrl, plan.keepBodies ?? false),
    );
    connections.push(...(await Promise.all(opening)));
  }
  return connections;
}

/** Sends request `index`; its latency counts from `since`. */
type Send = (connection: Connection, index: number, since: number) => Promise<void>;

/** Each connection sends one after the other. */
async function closedLoop(
  connections: readonly Connection[],
  count: number,
  send: Send,
): Promise<void> {
  let next = 0;
  const work = async (connection: Connection): Promise<void> => {
    while (next < count) await send(connection, next++, performance.now());
  };
  await Promise.all(connections.map(work));
}

/** Each request is sent when it is due, or on the first connection that is free after that. */
async function openLoop(
  connections: readonly Connection[],
  count: number,
  everyMs: number,
  send: Send,
): Promise<void> {
  const idle = [...connections];
  const late: { index: number; due: number }[] = [];
  const sent: Promise<void>[] = [];
  const start = performance.now();

  const serve = async (connection: Connection, index: number, due: number): Promise<void> => {
    for (
      let job: { index: number; due: number } | undefined = { index, due };
      job;
      job = late.shift()
    ) {
      await send(connection, job.index, job.due);
    }
    idle.push(connection);
  };
  for (let index = 0; index < count; index++) {
    const due = start + index * everyMs;
    const early = everyMs > 10 * WAKE_EARLY_MS ? WAKE_EARLY_MS : 0;
    if (due - performance.now() > early) await delay(due - performance.now() - early);
    while (performance.now() < due) await turn();
    const connection = idle.pop();
    if (connection) sent.push(serve(connection, index, due));
    else late.push({ index, due });
  }
  await Promise.all(sent);
}

/** Groups of requests, each at the same time, one group after the other. */
async function inGroups(
  connections: readonly Connection[],
  count: number,
  size: number,
  send: Send,
): Promise<void> {
  for (let first = 0; first < count; first += size) {
    const group = connections.slice(0, Math.min(size, count - first));
    const moment = performance.now();
    await Promise.all(group.map((connection, index) => send(connection, first + index, moment)));
  }
}

/** Sends the requests of a plan over new connections and measures them. @throws Error when a connection breaks */
export async function runPlan(plan: LoadPlan): Promise<LoadResult> {
  const { requests, everyMs, groupsOf, keepBodies } = plan;
  if (groupsOf !== undefined && groupsOf > plan.connections)
    throw new Error('a group needs a connection for each');
  const encoded = requests.map((request) => encodeRequest(request, plan));
  const result: LoadResult = {
    wallMs: 0,
    ms: new Array<number>(requests.length).fill(0),
    statuses: new Array<number>(requests.length).fill(0),
    cpuMs: 0,
    bodies: [],
  };
  const send: Send = async (connection, index, since) => {
    const { status, body } = await connection.send(encoded[index]!);
    result.ms[index] = performance.now() - since;
    result.statuses[index] = status;
    if (keepBodies) result.bodies[index] = body;
  };

  const connections = await openAll(plan);
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  try {
    if (groupsOf !== undefined) await inGroups(connections, requests.length, groupsOf, send);
    else if (everyMs !== undefined) await openLoop(connections, requests.length, everyMs, send);
    else await closedLoop(connections, requests.length, send);
  } finally {
    for (const connection of connections) connection.close();
  }
  result.wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  result.cpuMs = (user + system) / 1000;
  return result;
}
