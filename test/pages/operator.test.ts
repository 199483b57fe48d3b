import { randomUUID } from 'node:crypto';
import type { Browser } from 'puppeteer';
import { sql } from '../../src/db/database';
import { addKey, listKeys, newKey, revokeKey, ticketSeed } from '../../src/db/keys';
import { IDLE_SECONDS, sessionSecret, writeSession } from '../../src/api/sessions';
import { ApiClient, eventually, type Reservation } from '../support/api';
import {
  DESKTOP,
  fill,
  findings,
  follow,
  openBrowser,
  openPage,
  PHONE,
  picture,
  press,
  shows,
  textOf,
} from '../support/page';
import { startSystem, type TestSystem } from '../support/system';

const TEMPORAL_UI = 'http://temporal.example:8233';
let system: TestSystem;
let api: ApiClient;
let browser: Browser;
let closeBrowser: () => Promise<void>;

beforeAll(async () => {
  system = await startSystem({ apiEnv: { TEMPORAL_UI_URL: TEMPORAL_UI } });
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
    await press(page, 'Cancel');
    await shows(page, /By the terms: €90\.00 goes back/, 'dialog');
    expect(await findings(page)).toEqual([]);
    await picture(page, 'operator-cancel-phone');
    await press(page, 'Close');
    expect((await api.get(id)).body.status).toBe('confirmed');
    await press(page, 'Cancel');
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
});
