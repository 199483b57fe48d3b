import { randomUUID } from 'node:crypto';
import type { Browser } from 'puppeteer';
import { sql } from '../../src/db/database';
import { addKey, listKeys, newKey, revokeKey, ticketSeed } from '../../src/db/keys';
import { IDLE_SECONDS, sessionSecret, writeSession } from '../../src/api/sessions';
import { ApiClient, eventually, type Reservation } from '../support/api';
import { mailsTo } from '../support/mail-catcher';
import {
  DESKTOP,
  fill,
  findings,
  follow,
  keepWaiting,
  openBrowser,
  openPage,
  PHONE,
  picture,
  press,
  shows,
  textOf,
} from '../support/page';
import { startSystem, WITH_WEBHOOKS, type TestSystem } from '../support/system';

const TEMPORAL_UI = 'http://temporal.example:8233';
let system: TestSystem;
let api: ApiClient;
let browser: Browser;
let closeBrowser: () => Promise<void>;

beforeAll(async () => {
  system = await startSystem({ ...WITH_WEBHOOKS, apiEnv: { TEMPORAL_UI_URL: TEMPORAL_UI } });
  api = new ApiClient(system.info);
  ({ browser, close: closeBrowser } = await openBrowser());
});
afterAll(async () => {
  await closeBrowser();
  await system.stop();
});

/** As if the mail server had refused the tickets. */
const REFUSED_MAIL = sql(
  'refuse_mail',
  "update mails set sent_at = null, refused = '550 no such mailbox' where reservation_id = $1 and kind = 'tickets'",
);
/** As if a shop, and no provider, had taken the money: then the shop gives it back. */
const TAKEN_BY_CLIENT = sql(
  'take_by_client',
  `update payments set captured_by = 'client' where reservation_id = $1`,
);
/** As if Temporal had refused an entry again and again. */
const GIVEN_UP = sql<{ id: string }>(
  'give_up',
  `insert into outbox (kind, subject, attempts, not_before, given_up_at, last_error)
   values ('ring', $1, 12, 'infinity', now(), 'INVALID_ARGUMENT: too long') returning id::text as id`,
);
const OUTBOX_ENTRY = sql<{ id: string }>(
  'outbox_entry',
  'select id::text as id from outbox where id = $1',
);
/** As if an endpoint had answered 410, with the note of it. */
const GONE_ENDPOINT = sql(
  'lose_endpoint',
  `with gone as (
     update webhook_endpoints set status = 'disabled', disabled_reason = 'gone', disabled_at = now(),
            failing_since = '2026-03-04T05:06:07Z' where id = $1 returning id, client)
   select add_note('webhook_disabled', null, null,
                   jsonb_build_object('endpoint', id, 'client', client, 'why', 'gone')) from gone`,
);
const NAME = '<script>alert(1)</script> Lovelace';

/** A sold reservation of two seats, whose tickets are printed. */
async function sold(event: string, name = 'Ada Lovelace'): Promise<Reservation> {
  const id = `sale-${randomUUID().slice(0, 8)}`;
  const body = {
    event,
    seats: ['A-1', 'A-2'],
    reference: 'box-office-4711',
    buyer: { name, email: `${id}@example.org` },
  };
  const headers = { 'idempotency-key': id };
  const held = await api.call<Reservation>('POST', '/v1/reservations', { body, headers });
  await api.confirm(held.body, `pay-${id}`);
  const confirmed = await api.until(id, 'confirmed');
  await api.tickets(id);
  return confirmed;
}

async function signedIn(
  key = system.info.keys.operator,
  viewport: typeof PHONE | typeof DESKTOP = DESKTOP,
) {
  const page = await openPage(browser, `${system.info.apiUrl}/operator`, viewport);
  await fill(page, 'Key of an operator', key);
  await press(page, 'Sign in');
  return page;
}

/** A place of the page, for an operator who has signed in. */
async function at(place: string): ReturnType<typeof signedIn> {
  const page = await signedIn();
  await shows(page, 'Find a reservation');
  await page.goto(`${system.info.apiUrl}/operator#/${place}`);
  return page;
}

/** A call of a page of another kind: what the browser would send by itself is left out. */
const sessionCall = (
  path: string,
  headers: Record<string, string>,
  method = 'GET',
  body?: unknown,
) =>
  fetch(system.info.apiUrl + path, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const SAME = { 'sec-fetch-site': 'same-origin' };

async function cookieOf(page: 'operator' | 'door', key: string): Promise<string> {
  const answer = await sessionCall(
    `/${page}/session`,
    { ...SAME, 'x-holdfast-page': page },
    'POST',
    { key },
  );
  expect(answer.status).toBe(201);
  return answer.headers.get('set-cookie')!;
}

describe('A session', () => {
  it('is begun by a key of its page’s role alone, in a cookie that scripts and other sites do not get', async () => {
    const { keys } = system.info;
    const cookie = await cookieOf('operator', keys.operator);
    expect(cookie).toMatch(
      /^holdfast_operator=\S+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=14400$/,
    );
    expect(cookie).not.toContain(keys.operator);
    const refused = async (page: string, key: string) => {
      const headers = { ...SAME, 'x-holdfast-page': page };
      const answer = await sessionCall(`/${page}/session`, headers, 'POST', { key });
      expect(answer.headers.get('set-cookie')).toBeNull();
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await refused('operator', keys.client)).toEqual([403, 'forbidden']);
    expect(await refused('operator', keys.scanner)).toEqual([403, 'forbidden']);
    expect(await refused('door', keys.client)).toEqual([403, 'forbidden']);
    expect(await refused('door', keys.operator)).toEqual([403, 'forbidden']);
    expect(await refused('operator', 'no key')).toEqual([401, 'unauthorized']);
    expect(await refused('operator', '')).toEqual([422, 'validation_failed']);
  });

  it('authorises what its key does, for its own page, and nothing from another site', async () => {
    const operator = (await cookieOf('operator', system.info.keys.operator)).split(';')[0]!;
    const door = (await cookieOf('door', system.info.keys.scanner)).split(';')[0]!;
    const cookie = `${operator}; ${door}`;
    const status = async (headers: Record<string, string>, path = '/v1/notes', method = 'GET') =>
      (await sessionCall(path, { cookie, ...headers }, method)).status;
    const own = { 'x-holdfast-page': 'operator' };
    expect(await status({ ...own, ...SAME })).toBe(200);
    expect(await status({ ...own, origin: system.info.apiUrl })).toBe(200);
    // The cookie alone is nothing: a page of another site can cause that much.
    expect(await status({})).toBe(401);
    expect(await status({ ...own, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await status({ ...own, 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await status({ ...own, origin: 'https://evil.example' })).toBe(403);
    expect(await status(own, '/v1/notes/1/close', 'POST')).toBe(403);
    expect(await status({ ...own, origin: 'null' }, '/v1/notes/1/close', 'POST')).toBe(403);
    expect(await status({ ...SAME, 'x-holdfast-page': 'shop' })).toBe(400);
    // The door's session is a scanner's.
    expect(await status({ ...SAME, 'x-holdfast-page': 'door' })).toBe(403);
    const swapped = door.replace('holdfast_door', 'holdfast_operator');
    const answer = await sessionCall('/v1/notes', { cookie: swapped, ...own, ...SAME });
    expect(answer.status).toBe(401);
  });

  it('ends after hours of no use, with a changed cookie, with its key, and when somebody signs out', async () => {
    const key = newKey('operator');
    await addKey(system.db, key, { client: 'night-shift', role: 'operator' }, { demo: false });
    const id = (await listKeys(system.db)).find(({ client }) => client === 'night-shift')!
      .id as number;
    const secret = sessionSecret(await ticketSeed(system.db));
    const now = Math.floor(Date.now() / 1000);
    const call = async (usedAt: number, change = (value: string) => value) => {
      const value = writeSession(secret, 'operator', { keyId: id, beganAt: now - 20_000, usedAt });
      const headers = { ...SAME, 'x-holdfast-page': 'operator' };
      return sessionCall('/v1/notes', { ...headers, cookie: `holdfast_operator=${change(value)}` });
    };
    const used = await call(now - IDLE_SECONDS + 600);
    expect(used.status).toBe(200);
    // A use is kept: the time runs anew.
    expect(used.headers.get('set-cookie')).toMatch(/Max-Age=14400$/);
    expect((await call(now - IDLE_SECONDS - 1)).status).toBe(401);
    expect((await call(now, (value) => value.replace(/^\d+/, '1'))).status).toBe(401);
    expect((await call(now, (value) => value.slice(0, -1))).status).toBe(401);
    expect((await call(now)).status).toBe(200);
    await revokeKey(system.db, id);
    await eventually(async () => expect((await call(now)).status).toBe(401), 20_000);

    const page = await signedIn();
    await shows(page, 'Find a reservation');
    await press(page, 'Sign out');
    await shows(page, 'Sign in as an operator');
    expect(await findings(page)).toEqual([]);
    expect(await page.browserContext().cookies()).toEqual([]);
    await page.reload();
    await shows(page, 'Sign in as an operator');
    await page.browserContext().close();
  });
});

describe('The operators’ page', () => {
  it('finds a reservation by its seat and shows its story, its money, who did what, and where Temporal shows it', async () => {
    const event = await api.event({ name: '<b>Hamlet</b>' });
    const { id } = await sold(event, NAME);
    const page = await signedIn();
    await shows(page, 'Find a reservation');
    expect(await findings(page)).toEqual([]);
    await fill(page, 'Seat (with event)', 'A-2');
    await page.waitForSelector(`select[name=event] option[value=${event}]`);
    await page.select('select[name=event]', event);
    await press(page, 'Find');
    await shows(page, NAME);
    await picture(page, 'operator-search-desktop');
    expect(await findings(page)).toEqual([]);
    await follow(page, id);
    await shows(page, 'Seats were held');
    await shows(page, 'The tickets were mailed');
    const text = await textOf(page);
    for (const expected of [
      NAME,
      'box-office-4711',
      '€90.00',
      `pay-${id}`,
      'client:demo-client',
      'A-1',
    ])
      expect(text).toContain(expected);
    const links = await page.$$eval('main a', (all) =>
      all.map((one) => (one as unknown as { href: string }).href),
    );
    expect(links).toContain(
      `${TEMPORAL_UI}/namespaces/${system.info.temporalNamespace}/workflows/${id}`,
    );
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-reservation-desktop');
    await page.setViewport({ width: PHONE.width, height: PHONE.height });
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-reservation-phone');
    expect(page.complaints).toEqual([]);
    await page.browserContext().close();
  });

  it('refunds a part, once, and says in the words of the API what is too much', async () => {
    const { id } = await sold(await api.event());
    const page = await signedIn();
    await shows(page, 'Find a reservation');
    await fill(page, 'Id', id);
    await press(page, 'Find');
    await press(page, 'Refund in part');
    await fill(page, 'Amount (EUR)', '900.00');
    await fill(page, 'Why (no personal data)', 'a broken seat');
    await press(page, 'Do it');
    await shows(page, 'refund_exceeds_payment', 'dialog');
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-refund-desktop');
    await fill(page, 'Amount (EUR)', '12.50');
    await press(page, 'Do it');
    await shows(page, 'Done.');
    await shows(page, 'a broken seat');
    const { refunds } = (await api.get(id)).body;
    expect(refunds.map(({ amount }) => amount.amount)).toEqual([1250]);
    await shows(page, /A refund (was ordered|went through)/);
    await shows(page, /operator:/);
    await shows(page, 'A refund went through');
    await picture(page, 'operator');
    await page.browserContext().close();
  });

  it('cancels after a question, with what goes back', async () => {
    const { id } = await sold(await api.event());
    const page = await signedIn(undefined, PHONE);
    await shows(page, 'Find a reservation');
    await fill(page, 'Id', id);
    await press(page, 'Find');
    const letPreviewGo = await keepWaiting(
      page,
      (method, url) => method === 'GET' && url.endsWith('/cancel'),
    );
    const isShut = async () => (await page.$('dialog .main:disabled')) !== null;
    await press(page, 'Cancel');
    await shows(page, 'Loading', 'dialog');
    expect(await isShut()).toBe(true);
    await eventually(() => expect(letPreviewGo()).toBe(1));
    await shows(page, /By the terms: €90\.00 goes back/, 'dialog');
    expect(await isShut()).toBe(false);
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-cancel-phone');
    await press(page, 'Close');
    expect((await api.get(id)).body.status).toBe('confirmed');
    await press(page, 'Cancel');
    await eventually(() => expect(letPreviewGo()).toBe(1));
    await press(page, 'Cancel the reservation');
    await shows(page, 'It was cancelled');
    await api.until(id, 'cancelled');
    await page.browserContext().close();
  });

  it('changes a seat of a sale, by a quote that is confirmed', async () => {
    const { id } = await sold(await api.event());
    const page = await signedIn();
    await shows(page, 'Find a reservation');
    await fill(page, 'Id', id);
    await press(page, 'Find');
    await press(page, 'Change seats');
    await page.locator('::-p-aria([name="A-2 · €45.00"][role="checkbox"])').click();
    await fill(page, 'Take (labels, separated by commas)', 'A-3');
    await press(page, 'Ask for the quote');
    await shows(page, 'Nothing is to be paid or refunded.', 'dialog');
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-change-desktop');
    await press(page, 'Change now');
    await shows(page, 'A change was applied');
    expect((await api.get(id)).body.seats.map(({ label }) => label)).toEqual(['A-1', 'A-3']);
    await page.browserContext().close();
  });

  it('shows an event’s sale as it goes, and corrects a buyer', async () => {
    const event = await api.event({ name: 'Gala' });
    const { id } = await sold(event);
    const page = await signedIn();
    await follow(page, 'Events');
    await follow(page, 'Gala');
    await shows(page, /Stalls\s+18\s+0\s+2\s+0/);
    await shows(page, /Sold\s+stalls\s+standard\s+2\s+€90\.00/);
    await page.waitForSelector('svg.chart');
    // Another buyer: the counts follow the stream.
    await api.held(event, ['B-1']);
    await shows(page, /Stalls\s+17\s+1\s+2\s+0/);
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-event-desktop');
    await page.goto(`${system.info.apiUrl}/operator#/reservation/${id}`);
    await press(page, 'Correct the buyer');
    await fill(page, 'Name', 'Grace Hopper');
    await press(page, 'Do it');
    await shows(page, 'Grace Hopper');
    expect((await api.get(id)).body.buyer?.name).toBe('Grace Hopper');
    expect(page.complaints).toEqual([]);
    await page.browserContext().close();
  });

  it('shows what needs somebody: open notes, to be closed, and mail that is not delivered', async () => {
    const { id } = await sold(await api.event());
    await api.stripe('charge.odd', { metadata: { reservation_id: id } });
    await system.db.run(REFUSED_MAIL, [id]);
    const page = await signedIn();
    await follow(page, 'Attention');
    await shows(page, /Mail that is not delivered 1\s[^]*550 no such mailbox/);
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-attention-desktop');
    await shows(page, /Open notes 1\s/);
    await press(page, 'Close it');
    await shows(page, /Open notes\s+Nothing is open/);
    expect(await api.notes(true)).toEqual([]);
    await page.browserContext().close();
  });

  it('shows what does not go on: a refund that a shop owes, what Temporal refuses, an endpoint that is off; each has its button', async () => {
    const { id } = await sold(await api.event());
    const operator = { key: system.info.keys.operator };
    await system.db.run(TAKEN_BY_CLIENT, [id]);
    const ordered = await api.call('POST', `/v1/reservations/${id}/refunds`, {
      ...operator,
      headers: { 'idempotency-key': randomUUID() },
      body: { amount: 1250, reason: 'a broken seat' },
    });
    expect(ordered.status).toBe(201);
    const [entry] = await system.db.rows(GIVEN_UP, [id]);
    const endpoint = await api.call<{ id: string }>('POST', '/v1/webhook-endpoints', {
      headers: { 'idempotency-key': randomUUID() },
      body: { url: 'https://shop.example/hooks?<b>' },
    });
    await system.db.run(GONE_ENDPOINT, [endpoint.body.id]);

    const page = await at('attention');
    await shows(page, /Refunds that do not go through 1\s[^]*€12\.50[^]*not_through_a_provider/);
    await shows(page, /What Temporal refuses 1\s[^]*ring[^]*12\s+INVALID_ARGUMENT: too long/);
    await shows(
      page,
      /Webhook endpoints that are off 1\s[^]*shop\.example\/hooks\?<b>\s+demo-client\s+It answered that it is gone \(410\)\s+4 Mar 2026/,
    );
    // The note is of no reservation, and so has no link to one.
    await shows(page, /Open notes 1\s[^]*webhook_disabled/);
    const links = await page.$$eval('main a', (all) =>
      all.map((one) => (one as unknown as { href: string }).href),
    );
    expect(links.filter((link) => /null|undefined|reservation\/$/.test(link))).toEqual([]);
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-attention-all-desktop');

    await press(page, 'Was given back');
    await shows(page, 'Say that €12.50 was given back outside of any provider.', 'dialog');
    expect(await findings(page)).toEqual([]);
    await fill(page, 'How it was given back', 'in cash');
    await press(page, 'Do it');
    await shows(page, /Refunds that do not go through\s+Nothing is open/);
    expect((await api.get(id)).body.refunds.map(({ status }) => status)).toEqual(['succeeded']);

    await press(page, 'Try again now');
    await shows(page, /What Temporal refuses\s+Nothing is open/);
    await eventually(async () =>
      expect(await system.db.rows(OUTBOX_ENTRY, [entry!.id])).toEqual([]),
    );

    await press(page, 'Turn on');
    await shows(page, /Webhook endpoints that are off\s+Nothing is open/);
    const path = `/v1/webhook-endpoints/${endpoint.body.id}`;
    const { body } = await api.call<{ status: string }>('GET', path);
    expect(body.status).toBe('enabled');
    await api.call('DELETE', path);
    await press(page, 'Close it');
    await shows(page, /Open notes\s+Nothing is open/);
    expect(page.complaints).toEqual([]);
    await page.browserContext().close();
  });

  it('finds a reservation by each field, and keeps what was asked for', async () => {
    const event = await api.event();
    const { id, buyer } = await sold(event);
    const other = await api.held(event, ['B-1']);
    const page = await signedIn();
    await shows(page, 'Find a reservation');
    for (const [label, text] of [
      ['E-mail', buyer!.email],
      ['Reference', 'box-office-4711'],
      ['Payment', `pay-${id}`],
      ['Seat (with event)', 'A-1'],
    ] as const) {
      await page.reload();
      await page.waitForSelector(`select[name=event] option[value=${event}]`);
      await fill(page, label, text);
      await page.select('select[name=event]', event);
      await press(page, 'Find');
      await shows(page, id);
      expect(await textOf(page)).not.toContain(other.id);
    }
    await follow(page, id);
    await shows(page, 'Seats were held');
    await follow(page, 'Search');
    await shows(page, id);
    await page.waitForSelector(`select[name=event] option[value=${event}]`);
    await eventually(async () => {
      const kept = await page.$$eval('input[name=seat], select[name=event]', (all) =>
        all.map((one) => (one as unknown as { value: string }).value),
      );
      expect(kept).toEqual([event, 'A-1']);
    });
    await page.select('select[name=status]', 'expired');
    await press(page, 'Find');
    await shows(page, 'Nothing was found.');
    expect(await findings(page)).toEqual([]);
    expect(page.complaints).toEqual([]);
    await page.browserContext().close();
  });

  it('extends a hold, mails tickets again and marks what a shop gave back', async () => {
    const event = await api.event();
    const held = await api.held(event, ['B-1']);
    const page = await at(`reservation/${held.id}`);
    await press(page, 'Extend the hold');
    await shows(page, 'The hold then lasts its full time from now', 'dialog');
    expect(await findings(page)).toEqual([]);
    await press(page, 'Do it');
    await shows(page, 'Done.');
    await shows(page, 'The hold was extended');
    const extended = (await api.get(held.id)).body;
    expect(Date.parse(extended.expiresAt)).toBeGreaterThan(Date.parse(held.expiresAt));

    const sale = await sold(event);
    const { email } = sale.buyer!;
    await eventually(async () => expect(await mailsTo(email)).toHaveLength(1));
    await page.goto(`${system.info.apiUrl}/operator#/reservation/${sale.id}`);
    await press(page, 'Mail the tickets again');
    await shows(page, `The tickets go to ${email}.`, 'dialog');
    expect(await findings(page)).toEqual([]);
    await press(page, 'Do it');
    await shows(page, 'Done.');
    await eventually(async () => expect(await mailsTo(email)).toHaveLength(2));

    await system.db.run(TAKEN_BY_CLIENT, [sale.id]);
    await press(page, 'Refund in part');
    await fill(page, 'Amount (EUR)', '10');
    await fill(page, 'Why (no personal data)', 'a broken seat');
    await press(page, 'Do it');
    await press(page, 'Was given back');
    await fill(page, 'How it was given back', 'by bank');
    expect(await findings(page)).toEqual([]);
    await press(page, 'Do it');
    await shows(page, /€10\.00\s+Succeeded\s+a broken seat/);
    expect((await api.get(sale.id)).body.refunds[0]!.status).toBe('succeeded');
    expect(page.complaints).toEqual([]);
    await page.browserContext().close();
  });

  it('blocks seats and opens them again, edits an event, pauses its sale and opens it again', async () => {
    const event = await api.event({ name: 'Ball' });
    const page = await at('events');
    await shows(page, 'Ball');
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-events-desktop');
    await follow(page, 'Ball');
    await shows(page, /Stalls\s+20\s+0\s+0\s+0/);

    await press(page, 'Block seats');
    await fill(page, 'Name', '<b>Press</b>');
    await fill(page, 'Labels, separated by commas', 'A-1, A-99');
    await press(page, 'Do it');
    // What is wrong is said, and the dialog stays.
    await page.waitForSelector('dialog .problem');
    expect(await findings(page)).toEqual([]);
    await fill(page, 'Labels, separated by commas', 'A-1, A-2');
    await press(page, 'Do it');
    await shows(page, '<b>Press</b>');
    await shows(page, /Stalls\s+18\s+0\s+0\s+2/);
    await press(page, 'End it');
    await shows(page, 'The seats of <b>Press</b> go to the open sale', 'dialog');
    expect(await findings(page)).toEqual([]);
    await press(page, 'Do it');
    await shows(page, /Stalls\s+20\s+0\s+0\s+0/);
    expect(await api.seatStatus(event, 'A-1')).toBe('available');

    await press(page, 'Edit the event');
    await fill(page, 'Venue', 'Opera <i>');
    await fill(page, 'Starts at (RFC 3339)', 'tomorrow');
    await press(page, 'Do it');
    await page.waitForSelector('dialog .problem');
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-edit-desktop');
    await fill(page, 'Starts at (RFC 3339)', '2030-03-15T19:00:00Z');
    await fill(page, 'Seats of one reservation at most', '4');
    await press(page, 'Do it');
    await shows(page, 'Opera <i>');
    await shows(page, '15 Mar 2030');
    const edited = await api.call('GET', `/v1/events/${event}`);
    expect(edited.body).toMatchObject({ venue: 'Opera <i>', maxSeatsPerReservation: 4 });

    await press(page, 'Pause the sale');
    await shows(page, 'No new holds', 'dialog');
    expect(await findings(page)).toEqual([]);
    await press(page, 'Do it');
    await shows(page, 'The sale is paused');
    expect((await api.hold(event, ['A-1'])).body).toMatchObject({ code: 'sale_paused' });
    await press(page, 'Open the sale again');
    await shows(page, 'Holds are possible again.', 'dialog');
    await press(page, 'Do it');
    await eventually(async () => expect((await api.hold(event, ['A-1'])).status).toBe(201));
    await eventually(async () => expect(await textOf(page)).not.toContain('The sale is paused'));
    expect(page.complaints).toEqual([]);
    await page.browserContext().close();
  });

  it('says that its seats are not live while their stream is refused, and follows them again', async () => {
    const event = await api.event();
    const page = await signedIn();
    await shows(page, 'Find a reservation');
    let refuses = true;
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      if (refuses && request.url().endsWith('/stream')) void request.respond({ status: 503 });
      else void request.continue();
    });
    await page.goto(`${system.info.apiUrl}/operator#/event/${event}`);
    await shows(page, 'The seats are not live at the moment.');
    expect(await findings(page)).toEqual([]);
    await api.held(event, ['A-1']);
    refuses = false;
    await shows(page, /Stalls\s+19\s+1\s+0\s+0/);
    await eventually(async () => expect(await textOf(page)).not.toContain('not live'));
    await page.browserContext().close();
  });
});
