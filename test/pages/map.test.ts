import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'puppeteer';
import { ApiClient, eventually } from '../support/api';
import { findings, openBrowser, openPage } from '../support/page';
import { clickSeen, seen } from '../support/seen';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;
let browser: Browser;
let closeBrowser: () => Promise<void>;
let site: Server;

/** A page of another site: one script tag, one element, and what it hears from it. */
const html = (event: string) => `<!doctype html><html lang="en"><title>Another site</title>
<script src="${system.info.apiUrl}/assets/holdfast-map.js"></script>
<script>
  const heard = [];
  for (const type of ['ready', 'select', 'deselect', 'orphans'])
    document.addEventListener(type, ({ detail }) => heard.push({ type, ...detail }));
</script>
<main><h1>Seats</h1><holdfast-map event="${event}" max="2"></holdfast-map></main></html>`;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
  ({ browser, close: closeBrowser } = await openBrowser());
  site = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(html(request.url!.slice(1)));
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  site.close();
  await closeBrowser();
  await system.stop();
});

interface Heard {
  type: string;
  seat: { label: string; price: { amount: number } };
  selection: string[];
  reason?: string;
  seats: number;
}

const open = async (event: string) => {
  const page = await openPage(
    browser,
    `http://127.0.0.1:${(site.address() as AddressInfo).port}/${event}`,
  );
  await page.waitForFunction("heard.some(({ type }) => type === 'ready')");
  return page;
};
const heardBy = (page: Page) => page.evaluate('heard') as Promise<Heard[]>;
const seatButton = (name: string) => `::-p-aria([name="${name}"][role="button"])`;

describe('The map on a page of another site', () => {
  it('shows a thousand seats, and chooses by arrow keys, by the list and not beyond the most that is allowed', async () => {
    const event = await api.event({
      sections: [
        {
          name: 'Stalls',
          category: 'stalls',
          rows: Array.from({ length: 40 }, (_, row) => ({ name: `${row + 1}`, seats: 25 })),
        },
      ],
    });
    const page = await open(event);
    expect((await heardBy(page))[0]).toMatchObject({ type: 'ready', seats: 1000 });
    expect(await findings(page)).toEqual([]);

    await page.focus('holdfast-map >>> canvas');
    // The first arrow leads to the first free seat.
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'Enter'] as const)
      await page.keyboard.press(key);
    await seen(page, '::-p-text(Stalls, row 2, seat 2 chosen, €45.00.)');

    await clickSeen(page, 'holdfast-map >>> .opener');
    await clickSeen(page, 'holdfast-map >>> .sections .sections, holdfast-map >>> ul ul .opener');
    await clickSeen(page, seatButton('Stalls, row 1, seat 3, Stalls €45.00, free'));
    await seen(page, seatButton('Stalls, row 1, seat 3, Stalls €45.00, chosen'));
    await clickSeen(page, seatButton('Stalls, row 1, seat 4, Stalls €45.00, free'));
    await seen(page, '::-p-text(You can choose 2 seats at most.)');
    const selected = (await heardBy(page)).filter(({ type }) => type === 'select');
    expect(selected.map(({ seat }) => seat.label)).toEqual(['2-2', '1-3']);
    expect(selected[1]).toMatchObject({
      selection: ['2-2', '1-3'],
      seat: { price: { amount: 4500 } },
    });
    expect(await findings(page)).toEqual([]);
    expect(page.complaints).toEqual([]);
  });

  it('lets a seat go that another buyer takes, and follows on after a broken stream', async () => {
    const event = await api.event();
    const page = await open(event);
    await page.evaluate("document.querySelector('holdfast-map').selection = ['A-1', 'A-2']");
    await api.held(event, ['A-1']);
    await eventually(async () => {
      const lost = (await heardBy(page)).find(({ type }) => type === 'deselect');
      expect(lost).toMatchObject({ reason: 'taken', seat: { label: 'A-1' }, selection: ['A-2'] });
    });
    await page.setOfflineMode(true);
    await page.setOfflineMode(false);
    await api.held(event, ['A-2']);
    await eventually(async () => {
      const lost = (await heardBy(page)).filter(({ type }) => type === 'deselect');
      expect(lost.map(({ seat }) => seat.label)).toEqual(['A-1', 'A-2']);
    });
  });

  it('shows names as text, whatever is in them', async () => {
    const name = '<img src=x onerror="document.title=1">';
    const event = await api.event({
      name,
      categories: [{ code: 'stalls', name, price: 100 }],
      sections: [{ name, category: 'stalls', rows: [{ name: '<b>', numbers: ['<i>'] }] }],
    });
    const page = await open(event);
    expect(await page.$$('holdfast-map >>> img')).toEqual([]);
    await seen(page, `::-p-text(${name})`);
    expect(await page.title()).toBe('Another site');
  });
});
