import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { sql } from '../product';
import type { Bench, BenchEvent } from './case';
import { makeBuyers } from './holds';
import type { Durable } from './limits/durable/durable';
import { encodeRequest, openConnection, type Connection } from './load/connection';
import type { LoadRequest } from './load/driver';
import type { Lookout } from './lookout';
import { paymentWebhook } from './payments';

/** One life, ours or the limit's, as somebody outside goes through it. */
export interface Walk {
  id: string;
  /** Asks for it: sends the hold, or has the life started. Resolves with the answer. */
  begin(): Promise<void>;
  /** Ours: Temporal was told of it. The limit: its first activity has run. */
  begun(): Promise<void>;
  /** Says that it was paid for: sends the webhook, or signals. Resolves with the answer. */
  pay(): Promise<void>;
  /** Ours: it is confirmed in the database. The limit: its second activity has run. */
  done(): Promise<void>;
}

/** Somebody who walks through lives of one side. */
export interface Walker {
  walks: Walk[];
  close(): void;
}

/** Ours, one life for each seat of an event, over so many connections. */
export async function walkOurs(
  { apiUrl, keys, stack }: Bench,
  event: BenchEvent,
  lookout: Lookout,
  connections: number,
): Promise<Walker> {
  const plan = { baseUrl: apiUrl, requests: [], connections };
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(apiUrl, false)));
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
  const walks = makeBuyers(event, event.labels).map(({ id, body }): Walk => {
    const headers = { ...common, 'Idempotency-Key': id };
    return {
      id,
      begin: () => send({ method: 'POST', path: '/v1/reservations', headers, body }, 201),
      begun: () => lookout.told(id),
      pay: () => send(paymentWebhook(secret, id), 200),
      done: () => lookout.confirmed(id),
    };
  });
  return { walks, close: () => open.forEach((connection) => connection.close()) };
}

/** The limit's. */
export function walkLimit(durable: Durable, count: number): Walker {
  const walks = Array.from({ length: count }, (): Walk => {
    const life = durable.createLife();
    return {
      id: life.id,
      begin: () => life.start(),
      begun: () => life.begun,
      pay: () => life.signal(),
      done: () => life.finished,
    };
  });
  return { walks, close: () => undefined };
}

/**
 * Walks through all, so many at a time, each from its beginning to its end; the payment comes a while after Temporal has
 * it, as buyers pay. @returns how long all took, in milliseconds
 */
export async function walkThrough(
  { walks }: Walker,
  { inFlight, payAfterMs }: { inFlight: number; payAfterMs: number },
): Promise<number> {
  const started = performance.now();
  let next = 0;
  const walkOn = async (): Promise<void> => {
    for (let walk = walks[next++]; walk; walk = walks[next++]) {
      await walk.begin();
      await walk.begun();
      await delay(payAfterMs);
      await walk.pay();
      await walk.done();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, walkOn));
  return performance.now() - started;
}

const END_AT_ONCE = 10;
const DELIVERED = sql(
  'bench_delivered',
  // Nobody is to look after the tickets of what was only measured.
  'update reservations set delivered_at = clock_timestamp() where id = any ($1) and delivered_at is null',
);

/** Ends workflows that wait on, and whatever the database would still have done for them. */
export async function endLives({ db, temporal }: Bench, lives: readonly { id: string }[]): Promise<void> {
  await db.run(DELIVERED, [lives.map(({ id }) => id)]);
  let next = 0;
  const end = async (): Promise<void> => {
    for (let life = lives[next++]; life; life = lives[next++]) {
      await temporal.workflow
        .getHandle(life.id)
        .terminate('measured')
        .catch((error: unknown) => {
          // One that Temporal was never told of, or has forgotten.
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        });
    }
  };
  await Promise.all(Array.from({ length: END_AT_ONCE }, end));
}
