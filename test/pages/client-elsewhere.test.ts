import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import type { Browser, Page } from 'puppeteer';
import type { Holdfast } from '../../clients/typescript/src/index.ts';
import { blocksOf } from '../docs/blocks';
import { ApiClient, type Reservation } from '../support/api';
import { openBrowser, openPage, textOf } from '../support/page';
import { startSystem, type TestSystem } from '../support/system';

declare const window: {
  load: (module: string) => Promise<{ payInPage: (...args: unknown[]) => Promise<void> }>;
  paidAtStripe: () => Promise<number>;
  form: unknown;
  shop: Holdfast;
  seen: { label: string; status: string }[];
  isHoldfastError: (error: unknown) => error is { code: string };
};

const CLIENT = join(__dirname, '../../clients/typescript/dist');

let system: TestSystem;
let api: ApiClient;
let browser: Browser;
let closeBrowser: () => Promise<void>;
let site: Server;
let origin: string;

/** The page of a shop that is not ours: our client's files, as npm has them, and a key for pages. */
const pageWith = (key: string) => `<!doctype html><title>A shop elsewhere</title>
<form><div class="payment"></div><button>Pay</button><p class="result"></p></form>
<script type="module">
  import { Holdfast, isHoldfastError } from './client/index.js';
  window.isHoldfastError = isHoldfastError;
  window.seen = [];
  window.form = document.querySelector('form');
  window.load = (module) => import(module);
  window.shop = new Holdfast({ url: '${system.info.apiUrl}', key: '${key}', store: sessionStorage });
  document.title = 'ready';
</script>`;

/** The file that the guide has its reader save. */
const printed = (name: string): string =>
  blocksOf('docs/guides/receive-payments.md').find(({ saveAs }) => saveAs === name)!.body;

/** What the shop's own web server has: its page, our client, and the guide's example. */
function fileAt(path: string): string {
  if (path === '/stripe-shop.mjs') return printed('stripe-shop.mjs');
  if (path.startsWith('/client/')) return readFileSync(join(CLIENT, basename(path)), 'utf8');
  return pageWith(system.info.keys.publishable);
}

beforeAll(async () => {
  site = createServer(({ url }, response) => {
    response.setHeader('content-type', /js$/.test(url!) ? 'text/javascript' : 'text/html');
    response.end(fileAt(url!));
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  system = await startSystem({ childEnv: { CORS_ORIGINS: origin } });
  api = new ApiClient(system.info);
  ({ browser, close: closeBrowser } = await openBrowser());
});
afterAll(async () => {
  await closeBrowser();
  await system.stop();
  site.close();
});

async function openShop(): Promise<Page & { complaints: string[] }> {
  const page = await openPage(browser, origin);
  await page.waitForFunction(`document.title === 'ready'`);
  return page;
}

const hold = (page: Page, event: string, seat: string): Promise<Reservation> =>
  page.evaluate(
    (event, seat) =>
      window.shop.hold({
        event,
        seats: [seat],
        buyer: { name: 'Ada Lovelace', email: 'ada@example.org' },
      }),
    event,
    seat,
  ) as unknown as Promise<Reservation>;

describe('In a page of another site, in Chromium, the client', () => {
  it('books, goes on after the page was loaded anew, and waits for the tickets', async () => {
    const page = await openShop();
    const held = await hold(page, await api.event(), 'A-1');
    expect(held.status).toBe('held');
    await page.reload();
    await page.waitForFunction(`document.title === 'ready'`);
    await page.evaluate((id) => window.shop.extend(id), held.id);
    expect((await api.pay(held)).status).toBe(200);
    const tickets = await page.evaluate((id) => window.shop.waitForTickets(id), held.id);
    expect(tickets.map(({ seat }) => seat)).toEqual(['A-1']);
    const size = await page.evaluate(
      async (id) => (await window.shop.ticketsPdf(id)).size,
      held.id,
    );
    expect(size).toBeGreaterThan(1000);
    expect(page.complaints).toEqual([]);
  });

  it('sees the seats that another page takes, as they go', async () => {
    const event = await api.event();
    const [watching, buying] = await Promise.all([openShop(), openShop()]);
    await watching.evaluate((event) => {
      void (async () => {
        for await (const { data } of window.shop.seats(event)) window.seen.push(...data);
      })();
    }, event);
    const sees = (label: string, status: string) =>
      watching.waitForFunction(
        `window.seen.some((seat) => seat.label === '${label}' && seat.status === '${status}')`,
      );
    await sees('A-2', 'available');
    await hold(buying, event, 'A-2');
    await sees('A-2', 'held');
    expect([...watching.complaints, ...buying.complaints]).toEqual([]);
  });

  it('gets refusals by their code, and no reservation of others', async () => {
    const page = await openShop();
    const event = await api.event();
    await api.held(event, ['A-3']);
    const refusalOf = (call: string) =>
      page.evaluate(
        `(${call}).then(() => 'nothing', (error) => window.isHoldfastError(error) && error.code)`,
      );
    const seat = JSON.stringify({ event, seats: ['A-3'] });
    expect(await refusalOf(`window.shop.hold(${seat})`)).toBe('seats_unavailable');
    const stranger = await api.held(event, ['A-4']);
    expect(await refusalOf(`window.shop.reservation('${stranger.id}')`)).toBe('not_found');
  });

  it('shows tickets after a payment with Elements, by the example of the guide', async () => {
    const page = await openShop();
    const held = await hold(page, await api.event(), 'A-1');
    // Stripe's own script cannot be had without Stripe: what it is asked for, and the event that follows, can.
    await page.exposeFunction('paidAtStripe', async () => (await api.pay(held)).status);
    await page.evaluate(async (id) => {
      const stripe = {
        elements: ({ clientSecret }: { clientSecret: string }) => ({
          create: (kind: string) => ({
            mount: (place: { textContent: string }) =>
              void (place.textContent = `${kind} of ${clientSecret}`),
          }),
        }),
        confirmPayment: async () => {
          await window.paidAtStripe();
          return {};
        },
      };
      const { payInPage } = await window.load('/stripe-shop.mjs');
      await payInPage(stripe, window.shop, { id, clientSecret: 'pi_1_secret', form: window.form });
    }, held.id);
    expect(await textOf(page, '.payment')).toBe('payment of pi_1_secret');
    await page.click('button');
    await page.waitForFunction(`document.querySelector('.result').textContent === '1 tickets'`);
    expect(page.complaints).toEqual([]);
  });
});
