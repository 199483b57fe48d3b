import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { sql } from '../product';
import type { Bench, BenchEvent } from './case';
import { makeBuyers, perSecond } from './holds';
import type { TemporalBaseline } from './baselines/temporal/temporal-baseline';
import { encodeRequest, openConnection, type Connection } from './load/connection';
import type { LoadRequest } from './load/driver';
import type { ReservationWatcher } from './reservation-watcher';
import { paymentWebhook } from './payments';

/** The lifecycle of one reservation, ours or the baseline's, as a client drives it. */
export interface Lifecycle {
  id: string;
  /** Sends the hold, or starts the workflow. Resolves with the answer. */
  start(): Promise<void>;
  /** Resolves when the relay has started the actor; of the baseline, when the first activity has run. */
  started(): Promise<void>;
  /** Sends the payment webhook, or the signal. Resolves with the answer. */
  pay(): Promise<void>;
  /** Resolves when it is confirmed in the database; of the baseline, when the second activity has run. */
  finished(): Promise<void>;
}

export interface Lifecycles {
  all: Lifecycle[];
  close(): void;
}

/** Our reservations, one for each seat of an event, over so many connections. */
export async function ourLifecycles(
  { apiUrl, keys, stack }: Bench,
  event: BenchEvent,
  watcher: ReservationWatcher,
  connections: number,
): Promise<Lifecycles> {
  const plan = { baseUrl: apiUrl, requests: [], connections };
  const open = await Promise.all(
    Array.from({ length: connections }, () => openConnection(apiUrl, false)),
  );
  const idle = [...open];
  const send = async (request: LoadRequest, expected: number): Promise<void> => {
    const connection: Connection | undefined = idle.pop();
    if (!connection) throw new Error('more requests at once than connections');
    const { status } = await connection.send(encodeRequest(request, plan));
    idle.push(connection);
    if (status !== expected) throw new Error(`expected ${expected}, got ${status}`);
  };
  const secret = stack.info().webhookSecrets.standard;
  const common = { Authorization: `Bearer ${keys.client}`, 'Content-Type': 'application/json' };
  const all = makeBuyers(event, event.labels).map(({ id, body }): Lifecycle => {
    const headers = { ...common, 'Idempotency-Key': id };
    return {
      id,
      start: () => send({ method: 'POST', path: '/v1/reservations', headers, body }, 201),
      started: () => watcher.actorStarted(id),
      pay: () => send(paymentWebhook(secret, id), 200),
      finished: () => watcher.confirmed(id),
    };
  });
  return { all, close: () => open.forEach((connection) => connection.close()) };
}

/** Lifecycles of the baseline `temporal`. */
export function baselineLifecycles(baseline: TemporalBaseline, count: number): Lifecycles {
  const all = Array.from({ length: count }, (): Lifecycle => {
    const lifecycle = baseline.createLifecycle();
    return {
      id: lifecycle.id,
      start: () => lifecycle.start(),
      started: () => lifecycle.started,
      pay: () => lifecycle.signal(),
      finished: () => lifecycle.finished,
    };
  });
  return { all, close: () => undefined };
}

/**
 * Runs lifecycles from the start to the confirmation.
 * @param inFlight how many at a time
 * @param payAfterMs from the start of the actor to the payment
 * @returns how many end a second while so many are in flight. The first ones start all at once and the
 * last ones leave their places empty, so neither counts: there must be more than twice `inFlight`.
 */
export async function runLifecycles(
  { all }: Lifecycles,
  { inFlight, payAfterMs }: { inFlight: number; payAfterMs: number },
): Promise<number> {
  const endedAt: number[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let one = all[next++]; one; one = all[next++]) {
      await one.start();
      await one.started();
      await delay(payAfterMs);
      await one.pay();
      await one.finished();
      endedAt.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const counted = endedAt.slice(inFlight - 1, -inFlight);
  return perSecond(counted.length - 1, counted.at(-1)! - counted[0]!);
}

const END_AT_ONCE = 10;
const DELIVERED = sql(
  'bench_delivered',
  // The sweep must not order the tickets of measured reservations.
  'update reservations set delivered_at = clock_timestamp() where id = any ($1) and delivered_at is null',
);

/** Terminates workflows that still wait, and marks their reservations as delivered. */
export async function endLifecycles(
  { db, temporal }: Bench,
  ended: readonly { id: string }[],
): Promise<void> {
  await db.run(DELIVERED, [ended.map(({ id }) => id)]);
  let next = 0;
  const end = async (): Promise<void> => {
    for (let one = ended[next++]; one; one = ended[next++]) {
      await temporal.workflow
        .getHandle(one.id)
        .terminate('measured')
        .catch((error: unknown) => {
          // Never started, or past its retention.
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        });
    }
  };
  await Promise.all(Array.from({ length: END_AT_ONCE }, end));
}
