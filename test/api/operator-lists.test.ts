import {
  ApiClient,
  eventually,
  refusal,
  type Answer,
  type Page,
  type Payment,
  type Reservation,
} from '../support/api';
import { setHoldTtl } from '../support/hold-ttl';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

/** Reads a list to its end, page by page. */
async function readAll<Item>(path: string, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${from}`;
    const answer: Answer<Page<Item>> = await api.call('GET', page, {
      key: system.info.keys.operator,
    });
    expect(answer.status).toBe(200);
    expect(answer.body.data.length).toBeLessThanOrEqual(limit);
    items.push(...answer.body.data);
    cursor = answer.body.nextCursor;
  } while (cursor !== null);
  return items;
}
const idsOf = (reservations: Reservation[]) => reservations.map(({ id }) => id);

describe('The list of reservations', () => {
  it('pages through all of an event, newest first, whichever client made them', async () => {
    const event = await api.event();
    const made: string[] = [];
    for (let seat = 1; seat <= 7; seat++) {
      const key = seat % 2 === 0 ? system.info.keys.client : system.info.keys.client2;
      made.push((await api.held(event, [`A-${seat}`], { key })).id);
    }
    const listed = await readAll<Reservation>(`/v1/reservations?event=${event}`, 3);
    expect(idsOf(listed)).toEqual(made.reverse());
    expect(listed[0]).toEqual((await api.get(listed[0]!.id)).body);
  });

  it('ends exactly at the last page', async () => {
    const event = await api.event();
    for (const seat of ['A-1', 'A-2']) await api.held(event, [seat]);
    const { body } = await api.call<Page<Reservation>>(
      'GET',
      `/v1/reservations?event=${event}&limit=2`,
      {
        key: system.info.keys.operator,
      },
    );
    expect([body.data.length, body.nextCursor]).toEqual([2, null]);
  });

  it('tells apart by status, as they read at this moment', async () => {
    const event = await api.event();
    const confirmed = await api.sold(event, ['A-2']);
    const cancelled = await api.held(event, ['A-3']);
    await api.cancel(cancelled.id);
    const listed = async (status: string) =>
      idsOf(await readAll<Reservation>(`/v1/reservations?event=${event}&status=${status}`, 50));
    expect(await listed('confirmed')).toEqual([confirmed.id]);
    expect(await listed('cancelled')).toEqual([cancelled.id]);
    await setHoldTtl(system.db, event, 1);
    const expired = await api.held(event, ['A-1']);
    await eventually(() => {
      expect(Date.now()).toBeGreaterThan(Date.parse(expired.expiresAt));
    });
    expect(await listed('expired')).toEqual([expired.id]);
    expect(await listed('held')).toEqual([]);
  });

  it('finds a buyer by e-mail address, in any case of letters', async () => {
    const event = await api.event();
    const email = `grace-${event}@example.org`;
    const held = await api.held(event, ['A-1'], { email });
    await api.held(event, ['A-2']);
    for (const asked of [email, email.toUpperCase()]) {
      const listed = await readAll<Reservation>(
        `/v1/reservations?email=${encodeURIComponent(asked)}`,
        50,
      );
      expect(idsOf(listed)).toEqual([held.id]);
    }
  });

  it('combines what is asked for', async () => {
    const [event, other] = [await api.event(), await api.event()];
    const email = `linus-${event}@example.org`;
    const wanted = await api.held(event, ['A-1'], { email });
    await api.held(other, ['A-1'], { email });
    await api.held(event, ['A-2']);
    const cancelled = await api.held(event, ['A-3'], { email });
    await api.cancel(cancelled.id);
    const listed = await readAll<Reservation>(
      `/v1/reservations?event=${event}&status=held&email=${email}`,
      50,
    );
    expect(idsOf(listed)).toEqual([wanted.id]);
  });

  it('is empty where there is nothing', async () => {
    expect(await readAll('/v1/reservations?event=there-is-none', 5)).toEqual([]);
    expect(await readAll('/v1/reservations?email=nobody@example.org', 5)).toEqual([]);
  });

  it.each(['status=lost', 'email=nobody', 'colour=red', 'cursor=nonsense', 'limit=0', 'event='])(
    'refuses the question %s',
    async (query) => {
      const answer = await api.call('GET', `/v1/reservations?${query}`, {
        key: system.info.keys.operator,
      });
      expect(refusal(answer)).toEqual([422, 'validation_failed']);
    },
  );
});

describe('The list of payments', () => {
  it('pages through all of them, newest first', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const references = Array.from({ length: 5 }, (_, index) => `pay-${held.id}-${index}`);
    for (const reference of references) await api.pay(held, reference);
    const listed = await readAll<Payment>(`/v1/payments?reservation=${held.id}`, 2);
    expect(listed.map(({ reference }) => reference)).toEqual(references.reverse());
  });

  it('tells apart by status', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.pay(sold, `again-${sold.id}`);
    await eventually(async () => {
      const refunded = await readAll<Payment>(
        `/v1/payments?reservation=${sold.id}&status=refunded`,
        50,
      );
      expect(refunded).toMatchObject([
        { reference: `again-${sold.id}`, refundReason: 'duplicate' },
      ]);
    });
    const captured = await readAll<Payment>(
      `/v1/payments?reservation=${sold.id}&status=captured`,
      50,
    );
    expect(captured).toMatchObject([
      { reference: sold.payment!.reference, reservationExists: true, source: 'client' },
    ]);
  });
});

describe('The history of a reservation', () => {
  it('tells in order what happened, by whom, and nothing personal', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.tickets(sold.id);
    await eventually(async () => {
      expect((await api.history(sold.id)).map(({ type }) => type)).toContain('tickets.mailed');
    });
    await api.cancel(sold.id, {
      key: system.info.keys.operator,
    });
    await eventually(async () => {
      expect((await api.history(sold.id)).map(({ type }) => type)).toContain('refund.succeeded');
    });
    const history = await api.history(sold.id);
    expect(history.map(({ type }) => type)).toEqual([
      'reservation.held',
      'payment.received',
      'reservation.confirmed',
      'tickets.ready',
      'tickets.mailed',
      'reservation.cancel_requested',
      'ticket.voided',
      'reservation.cancelled',
      'refund.created',
      'refund.succeeded',
    ]);
    expect(history.map(({ actor }) => actor)).toEqual(
      expect.arrayContaining(['client:demo-client', 'operator:demo-operator', 'system']),
    );
    const times = history.map(({ at }) => Date.parse(at));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const text = JSON.stringify(history);
    for (const secret of [sold.buyer!.name, sold.buyer!.email]) expect(text).not.toContain(secret);
  });

  it('comes in pages like every list', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const all = await eventually(async () => {
      const history = await api.history(sold.id);
      expect(history.map(({ type }) => type)).toContain('tickets.mailed');
      return history;
    });
    expect(await readAll(`/v1/reservations/${sold.id}/history`, 1)).toEqual(all);
  });
});
