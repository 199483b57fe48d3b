import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

const REQUEST_LIMIT_MS = 20_000;
const RETRY_AFTER_MS = 1_000;
const CHECK_EVERY_MS = 1_000;
/** A buyer who has paid looks for tickets as long as that. */
const TICKETS_WITHIN_MS = 300_000;
const LOOK_EVERY_MS = 1_500;
const PRICE = 1000;

export interface LoadOptions {
  apiUrls: readonly string[];
  clientKey: string;
  webhookSecret: string;
  /** An event with enough places in a section F. */
  event: string;
  buyersPerSecond: number;
}

export interface LoadCount {
  requests: number;
  /** Requests whose first attempt got no answer, or a 5xx. */
  repeated: number;
  /** Reservations of buyers who got their tickets. */
  ticketed: string[];
  /** Requests that failed twice, and answers that are none of a buyer's. */
  failures: string[];
}

interface Call {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** The APIs that say they are ready, in turns: as a load balancer knows them. */
function watchApis(apiUrls: readonly string[]): { next: () => string; stop: () => void } {
  const ready = new Set(apiUrls);
  let turn = 0;
  const look = async (url: string): Promise<void> => {
    const page = await fetch(`${url}/readyz`, {
      signal: AbortSignal.timeout(CHECK_EVERY_MS),
    }).catch(() => null);
    await page?.body?.cancel();
    if (page?.ok) ready.add(url);
    else ready.delete(url);
  };
  const timer = setInterval(() => void Promise.all(apiUrls.map(look)), CHECK_EVERY_MS);
  return {
    next() {
      const those = ready.size > 0 ? [...ready] : apiUrls;
      return those[turn++ % those.length]!;
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * Buyers, one after the other at an even pace: hold, a provider's webhook, tickets. They are behind
 * a load balancer: a request goes to an API that is ready, and one that fails goes once more.
 */
export function startBuyers(options: LoadOptions): { stop: () => Promise<LoadCount> } {
  const { apiUrls, clientKey, webhookSecret, event, buyersPerSecond } = options;
  const count: LoadCount = { requests: 0, repeated: 0, ticketed: [], failures: [] };
  const authorization = `Bearer ${clientKey}`;
  const apis = watchApis(apiUrls);

  async function attempt({ method, path, headers, body }: Call): Promise<Response | string> {
    try {
      const answer = await fetch(`${apis.next()}${path}`, {
        method,
        headers,
        ...(body !== undefined && { body }),
        signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      });
      return answer.status >= 500 ? `${answer.status} ${await answer.text()}` : answer;
    } catch (error) {
      const { message, cause } = error as Error;
      return `${message} ${cause instanceof Error ? cause.message : ''}`.trim();
    }
  }

  /** @throws Error when two attempts fail, or the answer has another status */
  async function call(what: Call, expected: readonly number[]): Promise<Response> {
    count.requests++;
    let answer = await attempt(what);
    if (typeof answer === 'string') {
      count.repeated++;
      await delay(RETRY_AFTER_MS);
      answer = await attempt(what);
    }
    const text = typeof answer === 'string' ? answer : null;
    if (text !== null || !expected.includes((answer as Response).status))
      throw new Error(
        `${what.method} ${what.path}: ${text ?? `${(answer as Response).status} ${await (answer as Response).text()}`}`,
      );
    return answer as Response;
  }

  async function buy(place: number): Promise<void> {
    const id = randomUUID();
    const json = { 'content-type': 'application/json' };
    await call(
      {
        method: 'POST',
        path: '/v1/reservations',
        headers: { ...json, authorization, 'idempotency-key': id },
        body: JSON.stringify({
          event,
          seats: [`F-${place}`],
          buyer: { name: 'Ada Lovelace', email: `${id}@example.org` },
        }),
      },
      [201, 200],
    );
    const body = JSON.stringify({
      type: 'payment.succeeded',
      data: { reservation: id, reference: `pay-${id}`, amount: PRICE, currency: 'EUR' },
    });
    const at = new Date();
    await call(
      {
        method: 'POST',
        path: '/v1/webhooks/standard',
        headers: {
          ...json,
          'webhook-id': `msg_${id}`,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': new Webhook(webhookSecret).sign(`msg_${id}`, at, body),
        },
        body,
      },
      [200],
    );
    const tickets: Call = {
      method: 'GET',
      path: `/v1/reservations/${id}/tickets`,
      headers: { authorization },
    };
    for (const until = Date.now() + TICKETS_WITHIN_MS; ;) {
      if ((await call(tickets, [200, 409])).status === 200) break;
      if (Date.now() > until) throw new Error(`${id} is paid, and has no tickets`);
      await delay(LOOK_EVERY_MS);
    }
    count.ticketed.push(id);
  }

  const buyers: Promise<void>[] = [];
  const timer = setInterval(() => {
    const place = buyers.length + 1;
    buyers.push(
      buy(place).catch((error: unknown) => void count.failures.push((error as Error).message)),
    );
  }, 1000 / buyersPerSecond);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(buyers);
      apis.stop();
      return count;
    },
  };
}
