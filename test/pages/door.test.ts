import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer';
import { createQrCode } from '../support/qr-picture';
import { ApiClient, eventually, type Reservation } from '../support/api';
import {
  DESKTOP,
  fill,
  findings,
  openBrowser,
  openPage,
  PHONE,
  picture,
  press,
  shows,
} from '../support/page';
import { scannerKeyFor } from '../support/scanner-key';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;
let browser: Browser;
let closeBrowser: () => Promise<void>;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
  ({ browser, close: closeBrowser } = await openBrowser());
});
afterAll(async () => {
  await closeBrowser();
  await system.stop();
});

const NAME = '<img src=x onerror=alert(1)> & Ada';

async function sold(
  event: string,
  seats: string[],
  name = 'Ada Lovelace',
): Promise<Pick<Reservation, 'id'> & { codes: string[] }> {
  const id = `door-${seats.join('-')}-${Date.now()}`;
  const body = { event, seats, buyer: { name, email: 'ada@example.org' } };
  const held = await api.call<Reservation>('POST', '/v1/reservations', {
    body,
    headers: { 'idempotency-key': id },
  });
  await api.confirm(held.body);
  await api.until(id, 'confirmed');
  return { id, codes: (await api.tickets(id)).map(({ code }) => code) };
}

/** A scanner that has signed in and stands at a gate of the event. */
async function atTheDoor(event: string, viewport: typeof PHONE | typeof DESKTOP = PHONE) {
  const page = await openPage(browser, `${system.info.apiUrl}/door`, viewport);
  await signIn(page, event, system.info.keys.scanner);
  return page;
}

async function signIn(page: Page, event: string, key: string): Promise<void> {
  await fill(page, 'Key of a scanner', key);
  await press(page, 'Sign in');
  await shows(page, 'Which door is this?');
  await page.waitForSelector(`select[name=event] option[value=${event}]`);
  await page.select('select[name=event]', event);
  await fill(page, 'Gate (optional)', 'North');
  await press(page, 'Begin');
  await shows(page, 'Ready for the next ticket');
}

const keyFor = (event: string) => scannerKeyFor(system.db, api, event);

/** Another spelling of the same bytes: the last letter of a signature has four bits that nobody reads. */
function spelledAnew(code: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = letters.indexOf(code.at(-1)!);
  return `${code.slice(0, -1)}${letters[(last & 48) | ((last + 1) & 15)]}`;
}

async function scan(page: Page, code: string): Promise<void> {
  await fill(page, 'Code of the ticket', code);
  await press(page, 'Check');
}

const lightIs = (page: Page, light: string) =>
  page.waitForSelector(`.light[data-light="${light}"]`);

describe('The door', () => {
  it('shows green for a ticket, then red with who came in first, when and where; and red for another event, a void ticket and no ticket', async () => {
    const event = await api.event({ name: 'Hamlet' });
    const { codes } = await sold(event, ['A-1'], NAME);
    const other = await sold(await api.event({ name: 'Gala' }), ['B-2']);
    const cancelled = await sold(event, ['A-5']);
    await api.cancel(cancelled.id);
    await api.until(cancelled.id, 'cancelled');
    const page = await atTheDoor(event);
    expect(await findings(page)).toEqual([]);

    await scan(page, codes[0]!);
    await lightIs(page, 'green');
    await shows(page, /Come in\s+Seat\s+A-1/, '.light');
    await shows(page, NAME, '.light');
    await shows(page, /1 in, 0 still expected\s+North\s+1/);
    expect(await findings(page)).toEqual([]);
    await picture(page, 'door-green-phone');

    await scan(page, ` ${codes[0]!}\t`);
    await lightIs(page, 'red');
    await shows(page, /Already checked in\s+Seat\s+A-1/, '.light');
    await shows(page, /First came in\s+\d\d:\d\d:\d\d\s+Details\s+Gate North/, '.light');
    expect(await findings(page)).toEqual([]);
    await picture(page, 'door-red-phone');

    await scan(page, other.codes[0]!);
    await shows(page, 'Ticket for another event', '.light');
    await scan(page, cancelled.codes[0]!);
    await shows(page, 'This ticket is void', '.light');
    await shows(page, 'Its reservation was cancelled.', '.light');
    await scan(page, 'no ticket');
    await shows(page, 'This is no ticket of ours', '.light');
    expect(page.complaints).toEqual([]);
    await page.browserContext().close();
  });

  it('keeps scans while there is no network, in amber, and sends them later with the time of the scan', async () => {
    const event = await api.event();
    const [first, second] = [await sold(event, ['A-1']), await sold(event, ['A-2'])];
    const void1 = await sold(event, ['A-3']);
    const other = await sold(await api.event(), ['B-2']);
    await api.cancel(void1.id);
    await api.until(void1.id, 'cancelled');
    const page = await atTheDoor(event);
    // What is void was fetched when the door was opened.
    await page.waitForNetworkIdle();
    await page.setOfflineMode(true);

    await scan(page, first.codes[0]!);
    await lightIs(page, 'amber');
    const scannedAt = Date.now();
    await shows(page, 'Kept – not checked yet', '.light');
    await shows(page, /No network · 1 kept/);
    expect(await findings(page)).toEqual([]);
    await picture(page, 'door-amber-phone');
    await scan(page, first.codes[0]!);
    await lightIs(page, 'red');
    await shows(page, 'Already scanned here', '.light');
    await scan(page, second.codes[0]!);
    await lightIs(page, 'amber');
    for (const spelling of [spelledAnew(first.codes[0]!), `${first.codes[0]!}==`]) {
      await scan(page, spelling);
      await lightIs(page, 'red');
      await shows(page, 'This is no ticket', '.light');
    }
    await scan(page, void1.codes[0]!);
    await shows(page, 'This ticket is void', '.light');
    await scan(page, other.codes[0]!);
    await shows(page, 'Ticket for another event', '.light');
    expect(await page.evaluate("JSON.parse(localStorage['holdfast.door.scans']).length")).toBe(2);
    // Meanwhile another door lets the second one in.
    const entry = { code: second.codes[0], event, gate: 'South' };
    await api.call('POST', '/v1/check-ins', { key: system.info.keys.scanner, body: entry });

    await page.setOfflineMode(false);
    await shows(page, 'Online');
    await shows(page, /Sent later and refused/);
    await shows(page, /2 in, 0 still expected/);
    const entries = (await api.history(first.id)).filter(
      ({ type }) => type === 'ticket.checked_in',
    );
    expect(entries).toHaveLength(1);
    const { gate, scannedAt: told } = entries[0]!.data as { gate: string; scannedAt: string };
    expect(gate).toBe('North');
    expect(Math.abs(Date.parse(told) - scannedAt)).toBeLessThan(30_000);
    expect(await page.evaluate("localStorage['holdfast.door.scans']")).toBe('[]');
    expect(page.complaints).toEqual([]);
    await page.browserContext().close();
  });

  it('sends what it kept also after it was loaded anew, once', async () => {
    const event = await api.event();
    const { id, codes } = await sold(event, ['A-4']);
    const page = await atTheDoor(event);
    // The network comes back for the page itself, and only then for what it sends.
    let isAway = true;
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      if (isAway && new URL(request.url()).pathname.startsWith('/v1/')) void request.abort();
      else void request.continue();
    });
    await scan(page, codes[0]!);
    await lightIs(page, 'amber');
    const scannedAt = Date.now();
    await page.reload();
    await shows(page, /No network · 1 kept/);
    expect(await findings(page)).toEqual([]);
    expect((await api.tickets(id))[0]!.status).toBe('valid');
    isAway = false;
    await shows(page, 'Online');
    await shows(page, /1 in, 0 still expected/);
    expect((await api.tickets(id))[0]!.status).toBe('used');
    const entries = (await api.history(id)).filter(({ type }) => type === 'ticket.checked_in');
    expect(entries).toHaveLength(1);
    const { scannedAt: told } = entries[0]!.data as { scannedAt: string };
    expect(Math.abs(Date.parse(told) - scannedAt)).toBeLessThan(30_000);
    expect(await page.evaluate("localStorage['holdfast.door.scans']")).toBe('[]');
    await page.browserContext().close();
  });

  it('keeps what another event’s key may not send, and sends it with its own', async () => {
    const [event, other] = [await api.event(), await api.event()];
    const { id, codes } = await sold(event, ['A-5']);
    const page = await openPage(browser, `${system.info.apiUrl}/door`, PHONE);
    const scannedAt = new Date().toISOString();
    const kept = [{ scanId: randomUUID(), code: codes[0], event, gate: null, scannedAt }];
    await page.evaluate(
      `localStorage['holdfast.door.scans'] = ${JSON.stringify(JSON.stringify(kept))}`,
    );
    await page.reload();
    const refused = page.waitForResponse(
      (answer) => answer.url().endsWith('/v1/check-ins') && answer.status() === 403,
    );
    await signIn(page, other, await keyFor(other));
    await refused;
    await shows(page, /1 kept/);
    await press(page, 'Change event');
    await press(page, 'Sign out');
    await signIn(page, event, await keyFor(event));
    await eventually(async () => expect((await api.tickets(id))[0]!.status).toBe('used'));
    await shows(page, /1 in, 0 still expected/);
    expect(await page.evaluate("localStorage['holdfast.door.scans']")).toBe('[]');
    await page.browserContext().close();
  });

  it('has a sign-in and a choice of the place in which axe finds nothing', async () => {
    const event = await api.event({ name: NAME });
    const page = await openPage(browser, `${system.info.apiUrl}/door`, PHONE);
    await shows(page, 'Key of a scanner');
    expect(await findings(page)).toEqual([]);
    await fill(page, 'Key of a scanner', 'no key');
    await press(page, 'Sign in');
    await page.waitForSelector('.problem');
    expect(await findings(page)).toEqual([]);
    await fill(page, 'Key of a scanner', system.info.keys.scanner);
    await press(page, 'Sign in');
    await page.waitForSelector(`select[name=event] option[value=${event}]`);
    expect(await findings(page)).toEqual([]);
    await picture(page, 'door-place-phone');
    expect(page.complaints).toEqual([]);
    await page.browserContext().close();
  });

  it('keeps the event and the session over a reload, and speaks German', async () => {
    const event = await api.event({ name: 'Der Sturm' });
    const page = await atTheDoor(event, DESKTOP);
    await page.reload();
    await shows(page, 'Ready for the next ticket');
    await shows(page, 'Gate North');
    await page.select('.language select', 'de');
    await shows(page, 'Bereit für die nächste Karte');
    expect(await page.$eval('html', (html) => (html as unknown as { lang: string }).lang)).toBe(
      'de',
    );
    await fill(page, 'Code der Karte', 'keine Karte');
    await press(page, 'Prüfen');
    await lightIs(page, 'red');
    await shows(page, 'Das ist keine Karte von uns', '.light');
    expect(await findings(page)).toEqual([]);
    await picture(page, 'door-german-desktop');
    await page.browserContext().close();
  });

  it('reads a ticket that is held before the camera, once', async () => {
    const event = await api.event();
    const { id, codes } = await sold(event, ['A-7']);
    // What the camera sees is a film of one picture.
    const film = join(tmpdir(), `holdfast-door-${process.pid}.mjpeg`);
    writeFileSync(film, await createQrCode(browser, codes[0]!));
    const own = await openBrowser([
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${film}`,
    ]);
    try {
      const before = browser;
      browser = own.browser;
      const page = await atTheDoor(event).finally(() => (browser = before));
      await press(page, 'Scan with the camera');
      await lightIs(page, 'green');
      await shows(page, 'A-7', '.light');
      await picture(page, 'door');
      expect(await findings(page)).toEqual([]);
      // The ticket is still there a moment later.
      await new Promise((resolve) => setTimeout(resolve, 4000));
      expect(await page.$$('.recent li')).toHaveLength(1);
      expect(page.complaints).toEqual([]);
      expect((await api.tickets(id))[0]!.status).toBe('used');
    } finally {
      await own.close();
    }
  });
});
