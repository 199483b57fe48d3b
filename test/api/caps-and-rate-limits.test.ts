import { randomUUID } from 'node:crypto';
import { ApiClient, eventually, refusal, type Answer, type Reservation } from '../support/api';
import { setHoldTtl } from '../support/hold-ttl';
import { startSystem, type TestSystem } from '../support/system';

const held = (answers: Answer<Reservation>[]) => answers.filter(({ status }) => status === 201);
const refused = (answers: Answer<Reservation>[]) =>
  answers.filter(({ status }) => status !== 201).map(refusal);
const times = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => make(index));

describe('Caps on open holds', () => {
  let system: TestSystem;
  let api: ApiClient;
  beforeAll(async () => {
    const childEnv = {
      RATE_LIMIT: '1000000',
      MAX_OPEN_HOLDS_PER_BUYER: '3',
      MAX_OPEN_HOLDS_PER_CLIENT: '40',
    };
    system = await startSystem({ childEnv });
    api = new ApiClient(system.info);
  });
  afterAll(() => system.stop());

  const placesOf = async (event: string) =>
    (await api.seats(event)).filter((seat) => seat.category === 'floor').map((seat) => seat.label);
  const cancel = ({ id }: Reservation) => api.cancel(id);

  it('are exact for one buyer, however many come at once', async () => {
    const event = await api.event();
    const places = (await placesOf(event)).slice(0, 20);
    const email = `greedy-${event}@example.org`;
    const answers = await Promise.all(places.map((place) => api.hold(event, [place], { email })));
    expect(held(answers).length).toBe(3);
    expect(refused(answers)).toEqual(times(17, () => [403, 'limit_exceeded']));
    expect((await api.seats(event)).filter((seat) => seat.status === 'held').length).toBe(3);
    for (const { body } of held(answers)) await cancel(body);
  });

  it('know the buyer by e-mail address in any case of letters, over all events of a client', async () => {
    const [event, other] = [await api.event(), await api.event()];
    const email = `Greedy-${event}@Example.org`;
    const elsewhere = { email, key: system.info.keys.client2 };
    const open = [
      // Another shop cannot use the buyer's cap up here.
      await api.held(event, ['A-5'], elsewhere),
      await api.held(event, ['A-1'], { email }),
      await api.held(other, ['A-1'], { email: email.toLowerCase() }),
      await api.held(event, ['A-2'], { email: email.toUpperCase() }),
    ];
    expect(refusal(await api.hold(event, ['A-3'], { email }))).toEqual([403, 'limit_exceeded']);
    open.push(await api.held(event, ['A-4'], elsewhere));
    expect((await api.hold(event, ['A-3'])).status).toBe(201);
    for (const { id } of open) {
      await api.cancel(id, { key: system.info.keys.operator });
    }
  });

  it('know the buyer by e-mail address, in whatever script its domain is written', async () => {
    const event = await api.event();
    const addresses = ['пример.рф', 'ПРИМЕР.РФ', 'xn--e1afmkfd.xn--p1ai', 'xn--E1AFMKFD.рф'];
    const [first, second, third, fourth] = addresses.map((domain) => `${event}@${domain}`);
    const open = [
      await api.held(event, ['A-1'], { email: first! }),
      await api.held(event, ['A-2'], { email: second! }),
      await api.held(event, ['A-3'], { email: third! }),
    ];
    expect(refusal(await api.hold(event, ['A-4'], { email: fourth! }))).toEqual([
      403,
      'limit_exceeded',
    ]);
    for (const hold of open) await cancel(hold);
  });

  it('know the buyer whatever is written behind a +, and dots where the provider ignores them', async () => {
    const event = await api.event();
    const box = event.replaceAll('-', '');
    const open = [
      await api.held(event, ['A-1'], { email: `${box}+one@gmail.com` }),
      await api.held(event, ['A-2'], { email: `${box[0]}.${box.slice(1)}@gmail.com` }),
      await api.held(event, ['A-3'], { email: `${box}@googlemail.com` }),
    ];
    const fourth = await api.hold(event, ['A-4'], { email: `${box}+four@gmail.com` });
    expect(refusal(fourth)).toEqual([403, 'limit_exceeded']);
    const search = `/v1/reservations?email=${encodeURIComponent(`${box}@gmail.com`)}`;
    const found = await api.call<{ data: Reservation[] }>('GET', search, {
      key: system.info.keys.operator,
    });
    expect(found.body.data.map(({ id }) => id).sort()).toEqual(open.map(({ id }) => id).sort());
    for (const hold of open) await cancel(hold);
  });

  it('count holds that are open, not those that were paid, cancelled or have ended', async () => {
    const event = await api.event();
    const email = `patient-${event}@example.org`;
    await api.sold(event, ['A-1'], { email });
    await cancel(await api.held(event, ['A-2'], { email }));
    await setHoldTtl(system.db, event, 1);
    const last = await api.held(event, ['A-3'], { email });
    await api.until(last.id, 'expired');
    const lasting = await api.event();
    const places = (await placesOf(lasting)).slice(0, 4);
    const answers: Answer<Reservation>[] = [];
    for (const place of places) answers.push(await api.hold(lasting, [place], { email }));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 403]);
    for (const { body } of held(answers)) await cancel(body);
  });

  it('do not use the key up, and do not stand in the way of a replay', async () => {
    const event = await api.event();
    const email = `again-${event}@example.org`;
    const [id, refusedId] = [randomUUID(), randomUUID()];
    const first = await api.held(event, ['A-1'], { id, email });
    const more = [
      await api.held(event, ['A-2'], { email }),
      await api.held(event, ['A-3'], { email }),
    ];
    expect(refusal(await api.hold(event, ['A-4'], { id: refusedId, email }))).toEqual([
      403,
      'limit_exceeded',
    ]);
    const again = await api.hold(event, ['A-1'], { id, email });
    expect([again.status, again.headers.get('idempotency-replayed'), again.body]).toEqual([
      201,
      'true',
      first,
    ]);
    await cancel(more[0]!);
    expect((await api.hold(event, ['A-4'], { id: refusedId, email })).status).toBe(201);
    await cancel(first);
    await cancel(more[1]!);
  });

  it('hold for a client too, and for that client alone', async () => {
    const event = await api.event();
    const places = await placesOf(event);
    const answers: Answer<Reservation>[] = [];
    for (const place of places) answers.push(await api.hold(event, [place]));
    // A brake, not a count to the last one: so it must grip near its limit.
    expect(held(answers).length).toBeLessThanOrEqual(45);
    expect(held(answers).length).toBeGreaterThanOrEqual(30);
    for (const refusalOfOne of refused(answers))
      expect(refusalOfOne).toEqual([403, 'limit_exceeded']);
    const other = await api.hold(event, ['A-10'], { key: system.info.keys.client2 });
    expect(other.status).toBe(201);
    await cancel(held(answers)[0]!.body);
    await Promise.all(
      held(answers)
        .slice(1)
        .map(({ body }) => cancel(body)),
    );
    await eventually(async () => {
      expect((await api.hold(event, ['B-10'])).status).toBe(201);
    });
  });
});

describe('Limits of those who hold and do not buy, where they are set,', () => {
  let system: TestSystem;
  let api: ApiClient;
  beforeAll(async () => {
    const childEnv = {
      RATE_LIMIT: '1000000',
      MAX_LAPSED_HOLDS_PER_BUYER: '2',
      MAX_LAPSED_HOLDS_PER_ADDRESS: '3',
      MAX_OPEN_HOLDS_PER_ADDRESS: '4',
      MAX_EVENT_SHARE_PER_CLIENT: '20',
    };
    system = await startSystem({ childEnv });
    api = new ApiClient(system.info);
  });
  afterAll(() => system.stop());

  it('leave a client its share of the free seats, and the rest to the others', async () => {
    const event = await api.event();
    const all = await api.seats(event);
    const labels = all.map(({ label }) => label);
    const share = Math.floor(all.length / 5);
    const answers: Answer<Reservation>[] = [];
    for (const label of labels.slice(0, share + 20)) answers.push(await api.hold(event, [label]));
    const count = held(answers).length;
    // Counted once a second.
    expect(count).toBeGreaterThanOrEqual(share);
    await eventually(async () => {
      const more = await api.hold(event, [labels.at(-1)!]);
      if (more.status === 201) await api.cancel(more.body.id);
      expect(refusal(more)).toEqual([403, 'limit_exceeded']);
    });
    const other = await api.hold(event, [labels.at(-2)!], { key: system.info.keys.client2 });
    expect(other.status).toBe(201);
    // A replay is no new hold.
    const { body } = held(answers)[0]!;
    const again = await api.hold(
      event,
      body.seats.map(({ label }) => label),
      { id: body.id },
    );
    expect(again.status).toBe(201);
    // Nor does a change of what it has take more.
    const taking = await api.call('POST', `/v1/reservations/${body.id}/changes`, {
      body: { take: [{ event, seats: [labels.at(-1)!] }] },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect(refusal(taking)).toEqual([403, 'limit_exceeded']);
  });

  it('let a buyer hold nothing for a while whose holds end again and again', async () => {
    const event = await api.event();
    await setHoldTtl(system.db, event, 1);
    const email = `never-${event}@example.org`;
    for (const seat of ['A-1', 'A-2']) {
      const { id } = await api.held(event, [seat], { email });
      await api.until(id, 'expired');
    }
    const refused = await api.hold(event, ['A-3'], { email: email.replace('@', '+x@') });
    expect(refusal(refused)).toEqual([403, 'limit_exceeded']);
    const key = system.info.keys.client2;
    expect((await api.hold(event, ['A-3'], { email, key })).status).toBe(201);
    expect((await api.hold(event, ['A-4'])).status).toBe(201);
  });

  it('let an address hold no more by pages than it may, whatever buyers they name', async () => {
    const key = system.info.keys.publishable;
    const event = await api.event();
    const hold = (seat: string) =>
      api.hold(event, [seat], { key, email: `${seat}-${event}@example.org` });
    const open: Answer<Reservation>[] = [];
    for (const seat of ['A-1', 'A-2', 'A-3', 'A-4']) open.push(await hold(seat));
    expect(open.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(refusal(await hold('A-5'))).toEqual([403, 'limit_exceeded']);
    // The shop's own server is not a page.
    expect((await api.hold(event, ['A-6'])).status).toBe(201);
    await api.cancel(open[0]!.body.id);
    await eventually(async () => expect((await hold('A-5')).status).toBe(201));
    for (const { body } of open.slice(1)) await api.cancel(body.id);
  });

  it('let an address hold nothing for a while whose pages let holds end again and again', async () => {
    const key = system.info.keys.publishable;
    const event = await api.event();
    await setHoldTtl(system.db, event, 1);
    for (const seat of ['A-1', 'A-2', 'A-3']) {
      // The first may still be counted among those of the test before.
      const { id } = await eventually(() => api.held(event, [seat], { key }));
      await api.until(id, 'expired');
    }
    await eventually(async () => {
      const answer = await api.hold(event, ['A-4'], { key });
      expect(refusal(answer)).toEqual([403, 'limit_exceeded']);
    });
    expect((await api.hold(event, ['A-4'])).status).toBe(201);
  });
});

describe('Too many requests', () => {
  let system: TestSystem;
  let api: ApiClient;
  beforeAll(async () => {
    system = await startSystem({ childEnv: { RATE_LIMIT: '20' } });
    api = new ApiClient(system.info);
  });
  afterAll(() => system.stop());

  const look = (key: string | null, path = '/v1/reservations/nobodys-reservation') =>
    api.call('GET', path, { key });
  const expectLimited = (answer: Answer) => {
    expect(refusal(answer)).toEqual([429, 'rate_limited']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  };

  it('by one key are refused with 429 and the time to wait; other keys go on', async () => {
    const answers = await Promise.all(times(30, () => look(system.info.keys.client)));
    expect(answers.filter(({ status }) => status === 404).length).toBe(20);
    for (const answer of answers.filter(({ status }) => status !== 404)) expectLimited(answer);
    expect((await look(system.info.keys.client2)).status).toBe(404);
  });

  it('count also where the key has no permission', async () => {
    const answers: Answer[] = [];
    for (let time = 0; time < 30; time++) answers.push(await look(system.info.keys.scanner));
    expect(refusal(answers[0]!)).toEqual([403, 'forbidden']);
    expectLimited(answers.at(-1)!);
  });

  it('without a key are refused by address, and do not touch those with one', async () => {
    const answers: Answer[] = [];
    for (let time = 0; time < 30; time++) answers.push(await look(null, '/v1/events'));
    expectLimited(answers.at(-1)!);
    expect((await look(system.info.keys.operator)).status).toBe(404);
  });

  it('with guessed keys are refused by address', async () => {
    const answers: Answer[] = [];
    for (let time = 0; time < 30; time++) answers.push(await look(`hf_client_${randomUUID()}`));
    expectLimited(answers.at(-1)!);
  });

  it('cannot be disguised by a made-up forwarding header', async () => {
    const answers: Answer[] = [];
    for (let time = 0; time < 30; time++) {
      const headers = { 'x-forwarded-for': `10.0.0.${time}`, forwarded: `for=10.0.0.${time}` };
      answers.push(await api.call('GET', '/v1/events', { key: null, headers }));
    }
    expectLimited(answers.at(-1)!);
  });
});

describe('Junk from an address', () => {
  let system: TestSystem;
  let api: ApiClient;
  beforeEach(async () => {
    system = await startSystem({ childEnv: { RATE_LIMIT: '20' } });
    api = new ApiClient(system.info);
  });
  afterEach(() => system.stop());

  it('is refused by address where it is not signed, and what is truly signed from there never is', async () => {
    const event = await api.event();
    const held = await api.held(event, ['A-1']);
    const answers: Answer[] = [];
    for (let time = 0; time < 30; time++)
      answers.push(
        time % 2 === 0
          ? await api.standard({}, { secret: `whsec_${btoa(randomUUID())}` })
          : await api.stripe('payment_intent.succeeded', {}, { secret: 'whsec_wrong' }),
      );
    expect(answers.map(({ status }) => status)).toEqual([
      ...times(20, () => 400),
      ...times(10, () => 429),
    ]);
    expect(refusal(answers.at(-1)!)).toEqual([429, 'rate_limited']);
    expect(Number(answers.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0);
    for (let time = 0; time < 30; time++) {
      expect((await api.pay(held, `pay-${held.id}`)).status).toBe(200);
      expect((await api.stripe('charge.updated', {})).status).toBe(200);
    }
    await api.until(held.id, 'confirmed');
  });

  it('does not stand in the way of a good key that was not asked for lately', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const guess = () => api.call('GET', '/v1/payments', { key: `hf_client_${randomUUID()}` });
    const answers = await Promise.all(times(40, guess));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
    const unused = system.info.keys.client2;
    const other = await api.call('GET', '/v1/reservations', { key: unused });
    expect([other.status, other.headers.get('ratelimit-policy')]).toEqual([200, '"key";q=20;w=60']);
    // Longer than a key that was found is remembered.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect((await guess()).status).toBe(429);
    expect((await api.confirm(held)).body.status).toBe('confirmed');
  });
});

describe('What an answer says of limits', () => {
  let system: TestSystem;
  let api: ApiClient;
  beforeAll(async () => {
    system = await startSystem({ childEnv: { RATE_LIMIT: '20' } });
    api = new ApiClient(system.info);
  });
  afterAll(() => system.stop());

  const saidIn = ({ headers }: Answer) => {
    const policy = headers.get('ratelimit-policy');
    const [, name, left, seconds] = /^"([\w-]+)";r=(\d+);t=(\d+)$/.exec(headers.get('ratelimit')!)!;
    return { policy, name, left: Number(left), seconds: Number(seconds) };
  };

  it.each([
    ['key', '/v1/reservations', () => system.info.keys.client],
    ['reads', '/v1/events', () => null],
  ])(
    'counts down by %s, and says when it is full again, also above it',
    async (name, path, key) => {
      const answers: Answer[] = [];
      for (let time = 0; time < 22; time++)
        answers.push(await api.call('GET', path, { key: key() }));
      // The start of the system has asked too, without a key.
      const first = saidIn(answers[0]!).left;
      expect(first).toBeGreaterThan(10);
      expect(first).toBeLessThan(20);
      for (const [index, answer] of answers.entries()) {
        const { seconds, ...said } = saidIn(answer);
        expect(answer.status).toBe(index <= first ? 200 : 429);
        const left = Math.max(0, first - index);
        expect(said).toEqual({ policy: `"${name}";q=20;w=60`, name, left });
        expect(seconds).toBeGreaterThan(0);
        expect(seconds).toBeLessThanOrEqual(60);
        if (index > first) expect(answer.headers.get('retry-after')).toBe(String(seconds));
      }
    },
  );

  it('has the limit of an address beside that of its client, for a page', async () => {
    const answer = await api.call('POST', '/v1/price-previews', {
      key: system.info.keys.publishable,
      body: { event: await api.event(), seats: ['A-1'] },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('ratelimit-policy')).toBe('"pages";q=20;w=60, "key";q=200;w=60');
    expect(answer.headers.get('ratelimit')).toMatch(/^"pages";r=19;t=\d+, "key";r=199;t=\d+$/);
  });
});

describe('Settings', () => {
  let system: TestSystem;
  let api: ApiClient;
  beforeAll(async () => {
    const caps = { MAX_OPEN_HOLDS_PER_BUYER: '1', MAX_OPEN_HOLDS_PER_CLIENT: '1' };
    system = await startSystem({ childEnv: { RATE_LIMIT: 'off', HOLD_TTL_SECONDS: '7', ...caps } });
    api = new ApiClient(system.info);
  });
  afterAll(() => system.stop());

  it('RATE_LIMIT=off lifts every limit on requests and every cap on open holds', async () => {
    const event = await api.event();
    const email = `free-${event}@example.org`;
    for (const seat of ['A-1', 'A-2', 'A-3']) await api.held(event, [seat], { email });
    const answers = await Promise.all(
      times(300, () => api.call('GET', `/v1/events/${event}`, { key: null })),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });

  it('RATE_LIMIT=off lifts the limit of mails to one mailbox too', async () => {
    const { id } = await api.sold(await api.event(), ['A-1']);
    await api.tickets(id);
    for (let mail = 0; mail < 22; mail++)
      expect((await api.call('POST', `/v1/reservations/${id}/resend`)).status).toBe(202);
  });

  it('HOLD_TTL_SECONDS is for events that set none', async () => {
    const [event, other] = [await api.event(), await api.event({ holdTtlSeconds: 20 })];
    const { body } = await api.call('GET', `/v1/events/${event}`, { key: null });
    expect(body).toMatchObject({ holdTtlSeconds: 7, holdCapSeconds: 21 });
    for (const [name, seconds] of [
      [event, 7],
      [other, 20],
    ] as const) {
      const { createdAt, expiresAt } = await api.held(name, ['A-1']);
      expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(seconds * 1000);
    }
  });
});
