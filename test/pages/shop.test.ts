import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'puppeteer';
import { ApiClient, eventually } from '../support/api';
import { mailsTo } from '../support/mail-catcher';
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
import { clickSeen, seen } from '../support/seen';
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

/** One row of ten, at two prices, with a fee. */
const oneRow = (overrides: Record<string, unknown> = {}) =>
  api.event({
    priceTypes: [
      { code: 'adult', name: 'Adult' },
      { code: 'child', name: 'Child' },
    ],
    categories: [{ code: 'stalls', name: 'Stalls', price: 4500, prices: { child: 2500 } }],
    fees: [{ code: 'booking', name: 'Booking fee', per: 'ticket', amount: 150 }],
    sections: [{ name: 'Stalls', category: 'stalls', rows: [{ name: 'A', seats: 10 }] }],
    ...overrides,
  });

const enter = (event: string, viewport: typeof PHONE | typeof DESKTOP = DESKTOP) =>
  openPage(browser, `${system.info.apiUrl}/events/${event}`, viewport);

/** Clicks a seat of `oneRow` on the canvas: a row is drawn in the middle, below its section's name. */
async function clickSeat(page: Page, number: number): Promise<void> {
  const canvas = await seen(page, 'holdfast-map >>> canvas.ready');
  const { x, y, width, height } = (await canvas.boundingBox())!;
  const scale = Math.min(32, (width - 48) / 10, (height - 48) / 3.5);
  await page.mouse.click(x + width / 2 + (number - 5.5) * scale, y + height / 2 + 1.25 * scale);
}

async function nameBuyer(page: Page): Promise<string> {
  const email = `${randomUUID().slice(0, 8)}@example.org`;
  await fill(page, 'Name', '<b>Ada</b> & Co');
  await fill(page, 'E-mail', email);
  return email;
}

describe('The shop window', () => {
  it('sells by mouse: seats, a price type, a card that fails thrice, tickets on the screen and by mail', async () => {
    await oneRow({ name: '<script>alert(1)</script> Hamlet' });
    const page = await openPage(browser, system.info.apiUrl);
    await shows(page, '<script>alert(1)</script> Hamlet');
    expect(await findings(page)).toEqual([]);
    await picture(page, 'shop-events-desktop');
    await follow(page, '<script>alert(1)</script> Hamlet');
    await clickSeat(page, 2);
    await clickSeat(page, 3);
    await page.select('select[aria-label="Price of seat A-3"]', 'child');
    await shows(page, /Total\s+€73\.00/);
    expect(await findings(page)).toEqual([]);
    await picture(page, 'shop-choice-desktop');
    await press(page, 'Hold these seats');

    await shows(page, /Held for you: (10:00|9:\d\d)/);
    expect(await findings(page)).toEqual([]);
    const email = await nameBuyer(page);
    await press(page, 'Pay €73.00');

    for (const count of [1, 2, 3]) {
      await press(page, 'Have the card declined');
      await shows(page, `The card was declined (${count})`);
    }
    expect(await findings(page)).toEqual([]);
    await picture(page, 'shop-payment-desktop');
    await press(page, 'Pay');
    await shows(page, 'Thank you. The seats are yours.');
    await shows(page, 'Ticket for seat A-3');
    await seen(page, '::-p-aria([name="QR code of the ticket for seat A-2"][role="image"])');
    expect(await findings(page)).toEqual([]);
    await picture(page, 'shop-tickets-desktop');
    await eventually(async () => expect(await mailsTo(email)).toHaveLength(1));
    expect(page.complaints).toEqual([]);
  });

  it('adds and takes away seats while they are held, and takes a ticket back', async () => {
    const event = await oneRow();
    const page = await enter(event);
    await clickSeat(page, 2);
    await clickSeat(page, 3);
    await press(page, 'Hold these seats');
    await shows(page, 'Held for you');
    await clickSeat(page, 2);
    await clickSeat(page, 4);
    await page.select('select[aria-label="Price of seat A-3"]', 'child');
    await press(page, 'Change my seats');
    await shows(page, /A-3[^]*A-4[^]*Total\s+€73\.00/, '.panel');
    expect(await api.seatStatus(event, 'A-2')).toBe('available');
    await nameBuyer(page);
    await press(page, 'Pay €73.00');
    await press(page, 'Pay');
    await press(page, 'Give back A-4');
    await shows(page, 'Give A-4 back? You get €46.50 back.');
    expect(await findings(page)).toEqual([]);
    await press(page, 'Yes, give back');
    await eventually(async () => expect(await api.seatStatus(event, 'A-4')).toBe('available'));
    // The last one is the box office's matter.
    await eventually(async () => expect(await textOf(page)).not.toContain('Give back'));
  });

  it('sells by keyboard alone, and every step has its role and name', async () => {
    const event = await oneRow();
    const page = await enter(event, PHONE);
    /** Goes on by Tab until this element has the focus. */
    async function tabTo(role: string, name: string): Promise<void> {
      const wanted = await seen(page, `::-p-aria([name="${name}"][role="${role}"])`);
      for (let presses = 0; presses < 80; presses++) {
        const isThere = await wanted.evaluate((element) =>
          (element as unknown as { matches(selector: string): boolean }).matches(':focus'),
        );
        if (isThere) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`Tab does not lead to the ${role} ${name}`);
    }
    const activate = async (name: string, key: 'Enter' | 'Space' = 'Enter') => {
      await tabTo('button', name);
      await page.keyboard.press(key);
    };
    await tabTo('button', 'Stalls Stalls 10 free');
    await page.keyboard.press('Enter');
    await activate('Stalls, row A, seat 1, Stalls €45.00, free', 'Space');
    await activate('Stalls, row A, seat 2, Stalls €45.00, free');
    await shows(page, /Total\s+€93\.00/);
    expect(await findings(page)).toEqual([]);
    await picture(page, 'shop-choice-phone');
    await activate('Hold these seats');
    await tabTo('textbox', 'Name');
    await page.keyboard.type('Ada Lovelace');
    await tabTo('textbox', 'E-mail');
    await page.keyboard.type('ada@example.org');
    await picture(page, 'shop-held-phone');
    await activate('Pay €93.00');
    await activate('Pay twice');
    await seen(page, '::-p-aria([name="QR code of the ticket for seat A-2"][role="image"])');
    await shows(page, 'Ticket for seat A-1');
    await picture(page, 'shop-tickets-phone');
    expect(page.complaints).toEqual([]);
  });

  it('lets one of two browsers have a seat, tells the other, and shows both the same map', async () => {
    const event = await oneRow();
    const pages = await Promise.all([enter(event), enter(event, PHONE)]);
    const clickAll = (selector: string) =>
      Promise.all(pages.map((page) => clickSeen(page, selector)));
    await clickAll('holdfast-map >>> .opener');
    await clickAll('::-p-aria([name="Stalls, row A, seat 5, Stalls €45.00, free"][role="button"])');
    await clickAll('::-p-aria([name="Hold these seats"][role="button"])');
    await eventually(async () => {
      const texts = await Promise.all(pages.map((page) => textOf(page)));
      expect(texts.filter((text) => text.includes('Held for you'))).toHaveLength(1);
      expect(texts.filter((text) => text.includes('A-5 is no longer free'))).toHaveLength(1);
    });
    expect(await api.seatStatus(event, 'A-5')).toBe('held');
    await Promise.all(pages.map((page) => seen(page, '::-p-aria([name="Stalls Stalls 9 free"])')));
  });

  it('goes on after a lost answer and a reload, by the clock of the server', async () => {
    const event = await oneRow();
    const page = await enter(event);
    // A clock that is an hour late; and the first answer to the hold is lost on its way.
    await page.evaluateOnNewDocument(
      'const now = Date.now; Date.now = () => now() - 3_600_000; Date = new Proxy(Date, { construct: (Target, args) => (args.length ? new Target(...args) : new Target(Date.now())) });',
    );
    await page.reload();
    await clickSeen(page, 'holdfast-map >>> .opener');
    await clickSeen(
      page,
      '::-p-aria([name="Stalls, row A, seat 7, Stalls €45.00, free"][role="button"])',
    );
    await page.evaluate(
      `const send = fetch; let isLost = false; fetch = async (...args) => { const answer = await send(...args);
       if (!isLost && String(args[0]) === '/v1/reservations') { isLost = true; throw new TypeError('lost'); } return answer; }`,
    );
    await press(page, 'Hold these seats');
    await shows(page, /Held for you: (10:00|9:\d\d)/);
    await page.reload();
    await shows(page, /Held for you: (10:00|9:\d\d)/);
    await seen(page, '::-p-aria([name="Remove A-7"][role="button"])');
    const { body } = await api.call<{ data: unknown[] }>('GET', `/v1/reservations?event=${event}`, {
      key: system.info.keys.operator,
    });
    expect(body.data).toHaveLength(1);
    await press(page, 'Let the seats go');
    await shows(page, 'You gave your seats back.');
    expect(await findings(page)).toEqual([]);
  });

  it('offers the best seats, says what a code is worth, and that a hold is over', async () => {
    const event = await oneRow({ holdTtlSeconds: 5 });
    const page = await enter(event);
    await page.locator('input[value=best]').click();
    await fill(page, 'How many: Child (€25.00)', '2');
    await fill(page, 'Promo code, if you have one', 'NOSUCH');
    await shows(page, 'This promo code is not valid here.');
    expect(await findings(page)).toEqual([]);
    const code = `SUMMER-${randomUUID().slice(0, 8)}`;
    await api.call('POST', '/v1/codes', {
      key: system.info.keys.operator,
      body: { code, percent: '10' },
      headers: { 'idempotency-key': randomUUID() },
    });
    await fill(page, 'Promo code, if you have one', code);
    await shows(page, /Discount\s+−€5\.00[^]*Total\s+€48\.00/);
    await press(page, 'Hold the best seats');
    await shows(page, 'The time is over');
    await press(page, 'Choose seats again');
    await seen(page, 'holdfast-map >>> canvas.ready');
    expect(page.complaints).toEqual([]);
  });

  it('says that an event is gone or sold out, in German too', async () => {
    const gone = await openPage(browser, `${system.info.apiUrl}/events/no-such-event?lang=de`);
    await shows(gone, 'Diese Veranstaltung gibt es nicht (mehr).');
    expect(await findings(gone)).toEqual([]);
    const event = await oneRow();
    await api.held(
      event,
      Array.from({ length: 10 }, (_, seat) => `A-${seat + 1}`),
    );
    const page = await enter(event);
    await seen(page, '::-p-aria([name="Stalls Stalls 0 free"])');
    await page.locator('input[value=best]').click();
    await fill(page, 'How many: Adult (€45.00)', '1');
    await press(page, 'Hold the best seats');
    await shows(page, 'There are not so many free seats left.');
  });
});

describe('A page', () => {
  it('runs nothing inline, is asked for again each time, and its scripts only when they change', async () => {
    const response = await fetch(system.info.apiUrl, { headers: { accept: 'text/html' } });
    expect(response.headers.get('content-security-policy')).not.toMatch(/unsafe/);
    expect(response.headers.get('cache-control')).toBe('no-cache');
    const [, script] = /src="(\/assets\/shop\.js\?v=[^"]+)"/.exec(await response.text())!;
    const asset = await fetch(system.info.apiUrl + script!);
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect(asset.headers.get('access-control-allow-origin')).toBe('*');
    const map = await fetch(`${system.info.apiUrl}/assets/holdfast-map.js`);
    expect(map.headers.get('cache-control')).toBe('public, no-cache');
    const again = await fetch(`${system.info.apiUrl}/assets/holdfast-map.js`, {
      headers: { 'if-none-match': map.headers.get('etag')! },
    });
    expect(again.status).toBe(304);
    expect((await fetch(`${system.info.apiUrl}/assets/..%2fpackage.json`)).status).toBe(404);
  });

  it('has a map that is small: under 60 kB compressed', async () => {
    const answer = await fetch(`${system.info.apiUrl}/assets/holdfast-map.js`);
    expect(Number(answer.headers.get('content-length'))).toBeLessThan(60_000);
  });
});
