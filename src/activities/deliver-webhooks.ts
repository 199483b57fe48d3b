import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Context, log } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import { presentEvent } from '../api/routes/events/presenter';
import { presentReservation } from '../api/routes/reservations/presenter';
import type { WebhookState } from '../contracts/reservation';
import { isUnavailable, type Database, type Queryable } from '../db/database';
import { findEvent } from '../db/events';
import { findReservation } from '../db/reservations';
import {
  findDueDeliveries,
  leaveTurn,
  readWebhookState,
  recordAttempt,
  rest,
  readTarget,
  takeEntries,
  takeTurn,
  type DueDelivery,
  type Turn,
} from '../db/webhook-deliveries';
import { faultPoint } from '../fault-points';
import { webhookMessageId } from '../webhooks/message-id';
import type { SecretBox } from '../webhooks/secrets';
import type { Sender } from '../webhooks/send';

/** Reservations, and events, that one endpoint is sent at once. */
const AT_ONCE = 16;
/** How many of them are retries at most: first attempts do not wait for receivers that fail again. */
const RETRIES_AT_ONCE = 12;
/** How long one activity goes on, so that endpoints take turns where there are many. */
const BUDGET_MS = 20_000;
/** How long it waits for news before it ends, so that a steady trickle needs no new one each time. */
const LINGER_MS = 2000;
const LOOK_EVERY_MS = 200;
/** How soon it is asked again whether the turn is still ours. */
const TURN_EVERY_MS = 2000;
const BEAT_EVERY_MS = 5000;
/** A process that stood still for longer has lost its turn, and sends nothing more. */
const TURN_LASTS_MS = 25_000;
/** How soon an activity that has no turn looks again whether the other one has ended. */
const TURN_LATER_MS = 5000;

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 3_600_000;

/** Twice as long after each attempt, up to an hour; a fifth of it by chance, so that not all come back at once. */
const pauseAfter = (attempts: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts, 20)) *
  (0.9 + Math.random() * 0.2);

interface WebhookDeps {
  db: Database;
  send: Sender;
  secrets: SecretBox;
  defaultTtlSeconds: number;
}

/** What an entry is about, as the API shows it now. */
async function readResource(
  db: Queryable,
  { reservation, event }: DueDelivery,
  defaultTtlSeconds: number,
): Promise<{ revision: number | null; data: Record<string, unknown> | null }> {
  if (reservation !== null) {
    const found = await findReservation(db, reservation);
    if (!found) return { revision: null, data: null };
    return { revision: found.revision ?? null, data: presentReservation(found) };
  }
  const found = await findEvent(db, event!);
  const data = found && presentEvent(found, defaultTtlSeconds);
  const revision = (data as { revision?: number } | null)?.revision ?? null;
  return { revision, data };
}

/** Leaves a line about an attempt. Never the URL: it may hold secrets of the receiver's. */
function tell(
  { endpointId: endpoint }: Turn,
  { reservation, sequence, type: kind }: DueDelivery,
  { outcome, status, error }: NonNullable<Awaited<ReturnType<Sender>>>,
): void {
  const line = { endpoint, sequence, kind, status, ...(reservation !== null && { reservation }) };
  if (outcome === 'delivered') log.debug('a webhook was sent', line);
  else log.info('a webhook was not taken', { ...line, reason: error });
}

export const createWebhookActivities = ({ db, send, secrets, defaultTtlSeconds }: WebhookDeps) => {
  /** The signed request of a delivery, with what it is about as it stands now. */
  async function compose(
    { endpointId }: Turn,
    delivery: DueDelivery,
    { url, sealed }: { url: string; sealed: readonly Buffer[] },
  ): Promise<Parameters<Sender>[0]> {
    const { sequence, type, at } = delivery;
    const { revision, data } = await readResource(db, delivery, defaultTtlSeconds);
    const body = JSON.stringify({ type, timestamp: at, sequence, revision, data });
    const id = webhookMessageId(endpointId, delivery);
    const now = new Date();
    const signatures = sealed.flatMap((one, place) => {
      try {
        return [new Webhook(secrets.open(endpointId, one)).sign(id, now, body)];
      } catch (error) {
        // One that was replaced need not be readable: its key may be lost.
        if (place > 0) return [];
        throw error;
      }
    });
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Holdfast',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': signatures.join(' '),
    };
    return { url, headers, body };
  }

  /** Makes one attempt and records it. @returns false when nothing is to be sent there any more */
  async function attempt(
    turn: Turn,
    delivery: DueDelivery,
    { signal, hasTurn }: { signal: AbortSignal; hasTurn: () => boolean },
  ): Promise<boolean> {
    // At each attempt: a rotated secret, another URL or an end of it all counts from its commit.
    const target = await readTarget(db, turn.endpointId);
    if (!target) return false;
    const request = await compose(turn, delivery, target).catch((error: unknown) => {
      if (isUnavailable(error)) throw error;
      return { error: (error as Error).message };
    });
    if (!hasTurn()) return true;
    // What cannot be made is an attempt that failed: its endpoint is told of it, and the others of it go on.
    const answer =
      'error' in request
        ? { outcome: 'failed' as const, status: null, retryAfterMs: null, error: request.error }
        : await send(request, signal);
    if (answer === null) return true;
    faultPoint('webhook.sent');
    const waitMs = answer.retryAfterMs ?? pauseAfter(delivery.attempts);
    await recordAttempt(db, turn, delivery.sequence, answer, waitMs);
    tell(turn, delivery, answer);
    return true;
  }

  /**
   * Sends what is due, in order of each subject, until there is nothing or the time is over.
   * @returns milliseconds until there is more to do; null for never
   */
  async function sendDue(turn: Turn, signal: AbortSignal): Promise<number | null> {
    const until = performance.now() + BUDGET_MS;
    const flying = new Map<number, Promise<void>>();
    let retries = 0;
    const faults: unknown[] = [];
    let turnAt = -Infinity;
    let lookedAt = -Infinity;
    let busyAt = performance.now();
    let isMore = true;

    const hasTurn = () => performance.now() - turnAt < TURN_LASTS_MS;
    const start = (delivery: DueDelivery) => {
      const isRetry = delivery.attempts > 0;
      if (isRetry && retries >= RETRIES_AT_ONCE) return;
      if (isRetry) retries++;
      const work = attempt(turn, delivery, { signal, hasTurn })
        .then((isWanted) => {
          // The next look finds that the turn is over.
          if (!isWanted) turnAt = -Infinity;
        })
        .catch((error: unknown) => void faults.push(error))
        .finally(() => {
          flying.delete(delivery.sequence);
          if (isRetry) retries--;
        });
      flying.set(delivery.sequence, work);
    };
    try {
      while (performance.now() < until && !signal.aborted && faults.length === 0) {
        if (performance.now() - turnAt >= TURN_EVERY_MS) {
          const isOurs = await takeTurn(db, turn);
          turnAt = performance.now();
          if (!isOurs) return TURN_LATER_MS;
        }
        if (isMore || performance.now() - lookedAt >= LOOK_EVERY_MS) {
          isMore = await takeEntries(db, turn);
          lookedAt = performance.now();
        }
        const most = AT_ONCE - flying.size;
        if (most > 0) {
          const wanted = { most, retries: retries < RETRIES_AT_ONCE };
          (await findDueDeliveries(db, turn.endpointId, [...flying.keys()], wanted)).forEach(start);
        }
        if (flying.size > 0) {
          await Promise.race([...flying.values(), delay(LOOK_EVERY_MS)]);
          busyAt = performance.now();
        } else if (!isMore && performance.now() - busyAt >= LINGER_MS) {
          const rested = await rest(db, turn);
          if (rested !== null) return rested === 'never' ? null : rested;
        } else if (!isMore) await delay(LOOK_EVERY_MS);
      }
    } finally {
      // While one is on its way nobody else may send what follows it.
      await Promise.all(flying.values());
    }
    if (faults.length > 0) throw faults[0];
    return 0;
  }

  return {
    /**
     * Sends an endpoint what is due, for a while: 16 reservations at once, in order for each. What is
     * sent, and when something is tried again, is in the database; so this may run again at any time.
     * @returns where it stands, and when there is more to do
     */
    async deliverWebhooks(endpointId: string): Promise<WebhookState> {
      const { cancellationSignal: signal, heartbeat } = Context.current();
      const beating = setInterval(() => heartbeat(), BEAT_EVERY_MS);
      const turn = { endpointId, runner: randomUUID() };
      try {
        // One that fails leaves its turn too: the next try must not find it taken.
        const waitMs = await sendDue(turn, signal).finally(() => leaveTurn(db, turn));
        const state = await readWebhookState(db, endpointId);
        if (!state) return { ...UNKNOWN, endpoint: endpointId };
        const { url, ...shown } = state;
        return { ...shown, host: new URL(url).host, waitMs };
      } finally {
        clearInterval(beating);
      }
    },
  };
};

/** The state of an endpoint that there is not. */
const UNKNOWN: Omit<WebhookState, 'endpoint'> = {
  status: 'deleted',
  client: '',
  host: '',
  position: 0,
  waiting: 0,
  failing: 0,
  lastSuccessAt: null,
  failingSince: null,
  lastError: null,
  waitMs: null,
};
