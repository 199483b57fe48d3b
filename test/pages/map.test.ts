import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'puppeteer';
import { ApiClient, eventually } from '../support/api';
import { DESKTOP, findings, openBrowser, openPage, PHONE } from '../support/page';
import { clickSeen, seen } from '../support/seen';
import { startSystem, type TestSystem } from '../support/system';
import { startTcpProxy } from '../support/tcp-proxy';

let system: TestSystem;
let api: ApiClient;
let browser: Browser;
let closeBrowser: () => Promise<void>;
let site: Server;

/** A page of another site: one script tag, one element with its attributes, and what it hears from it. */
const html = (event: string, { api: from, ...attributes }: Record<string, string>) =>
  `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Another site</title>
<script src="${from ?? system.info.apiUrl}/assets/holdfast-map.js"></script>
<script>
  const heard = [];
  for (const type of ['ready', 'select', 'deselect', 'orphans'])
    document.addEventListener(type, ({ detail }) => heard.push({ type, ...detail }));
</script>
<main><h1>Seats</h1><holdfast-map event="${event}" max="2" ${Object.entries(attributes)
    .map(([name, value]) => `${name}="${value}"`)
    .join(' ')}></holdfast-map></main></html>`;

beforeAll(async () => {
  site = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://site');
    response.setHeader('content-type', 'text/html');
    response.end(html(pathname.slice(1), Object.fromEntries(searchParams)));
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  system = await startSystem();
  api = new ApiClient(system.info);
  ({ browser, close: closeBrowser } = await openBrowser());
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
  seats: unknown;
}

const siteUrl = (event: string, attributes: Record<string, string> = {}) =>
  `http://127.0.0.1:${(site.address() as AddressInfo).port}/${event}?${new URLSearchParams(attributes).toString()}`;
const open = async (
  event: string,
  attributes: Record<string, string> = {},
  viewport: typeof PHONE | typeof DESKTOP = DESKTOP,
) => {
  const page = await openPage(browser, siteUrl(event, attributes), viewport);
  await page.waitForFunction("heard.some(({ type }) => type === 'ready')");
  return page;
};
interface TextElement {
  textContent: string;
  hidden: boolean;
}
const note = (page: Page, part: 'live' | 'orphan') =>
  page.$eval(`holdfast-map >>> .${part}`, (one) => (one as unknown as TextElement).textContent);
/** What the map says of the seat below the mouse; null where there is none. */
const tipAt = async (page: Page, { x, y }: Point): Promise<string | null> => {
  await page.mouse.move(x - 3, y);
  await page.mouse.move(x, y);
  return page.$eval('holdfast-map >>> .tip', (tip) => {
    const { hidden, textContent } = tip as unknown as TextElement;
    return hidden ? null : textContent;
  });
};
interface Point {
  x: number;
  y: number;
}
/** A place of the canvas, in parts of its width and height from the upper left. */
const placeOf = async (page: Page, across: number, down: number): Promise<Point> => {
  const { x, y, width, height } = (await (
    await seen(page, 'holdfast-map >>> canvas.ready')
  ).boundingBox())!;
  return { x: x + across * width, y: y + down * height };
};
const isZoomed = async (page: Page) => (await page.$('holdfast-map >>> canvas.zoomed')) !== null;
const labelsHeard = async (page: Page, wanted: string) =>
  (await heardBy(page)).flatMap(({ type, seat }) => (type === wanted ? [seat.label] : []));
/** A hall of thirty rows of thirty. */
const hall = () =>
  api.event({
    sections: [
      {
        name: 'Stalls',
        category: 'stalls',
        rows: Array.from({ length: 30 }, (_, row) => ({ name: `${row + 1}`, seats: 30 })),
      },
    ],
  });
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
    const { hostname: host, port } = new URL(system.info.apiUrl);
    const proxy = await startTcpProxy({ host, port: Number(port) });
    const page = await open(event, { api: `http://127.0.0.1:${proxy.port}` });
    await page.evaluate("document.querySelector('holdfast-map').selection = ['A-1', 'A-2']");
    await api.held(event, ['A-1']);
    await eventually(async () => {
      const lost = (await heardBy(page)).find(({ type }) => type === 'deselect');
      expect(lost).toMatchObject({ reason: 'taken', seat: { label: 'A-1' }, selection: ['A-2'] });
    });
    expect(await note(page, 'live')).toBe('');
    proxy.cut();
    await seen(page, '::-p-text(The map is not live at the moment. We keep trying.)');
    expect(await findings(page)).toEqual([]);
    await api.held(event, ['A-2']);
    expect(await labelsHeard(page, 'deselect')).toEqual(['A-1']);
    proxy.mend();
    await eventually(async () =>
      expect(await labelsHeard(page, 'deselect')).toEqual(['A-1', 'A-2']),
    );
    await eventually(async () => expect(await note(page, 'live')).toBe(''));
    await proxy.close();
  });

  it('zooms by wheel and buttons around what is pointed at, is dragged, and a click chooses what is there', async () => {
    const event = await hall();
    await api.held(event, ['14-12', '14-13', '15-13', '17-20', '17-21']);
    const page = await open(event);
    const at = await placeOf(page, 0.6, 0.55);
    const name = await tipAt(page, at);
    expect(name).toMatch(/^Stalls, row \d+, seat \d+ – Stalls €45\.00, free$/);
    // Until somebody is at work on the map, the wheel is the page's.
    await page.mouse.wheel({ deltaY: -300 });
    expect(await isZoomed(page)).toBe(false);
    await page.mouse.click(at.x, at.y);
    await page.mouse.wheel({ deltaY: -300 });
    await eventually(async () => expect(await isZoomed(page)).toBe(true));
    expect(await tipAt(page, at)).toBe(name!.replace('free', 'chosen'));
    await page.mouse.click(at.x, at.y);
    const [label] = await labelsHeard(page, 'select');
    expect(await labelsHeard(page, 'deselect')).toEqual([label]);

    await page.mouse.down();
    await page.mouse.move(at.x - 40, at.y - 20, { steps: 5 });
    await page.mouse.move(at.x - 80, at.y - 40, { steps: 5 });
    await page.mouse.up();
    // A drag is no click.
    expect(await labelsHeard(page, 'select')).toEqual([label]);
    const dragged = { x: at.x - 80, y: at.y - 40 };
    expect(await tipAt(page, dragged)).toBe(name);
    await page.mouse.click(dragged.x, dragged.y);
    expect(await labelsHeard(page, 'select')).toEqual([label, label]);

    await clickSeen(page, seatButton('Show everything'));
    await eventually(async () => expect(await isZoomed(page)).toBe(false));
    expect(await tipAt(page, at)).toBe(name!.replace('free', 'chosen'));
    await clickSeen(page, seatButton('Zoom in'));
    await eventually(async () => expect(await isZoomed(page)).toBe(true));
    await clickSeen(page, seatButton('Zoom out'));
    await eventually(async () => expect(await isZoomed(page)).toBe(false));
    await page.focus('holdfast-map >>> canvas');
    await page.keyboard.press('+');
    await eventually(async () => expect(await isZoomed(page)).toBe(true));
    await page.keyboard.press('-');
    await eventually(async () => expect(await isZoomed(page)).toBe(false));
    expect(page.complaints).toEqual([]);
  });

  it('zooms in at the first tap of a finger on small seats, by two fingers too, and chooses at the next tap', async () => {
    const page = await open(await hall(), {}, PHONE);
    const at = await placeOf(page, 0.4, 0.6);
    await page.touchscreen.tap(at.x, at.y);
    await eventually(async () => expect(await isZoomed(page)).toBe(true));
    expect(await labelsHeard(page, 'select')).toEqual([]);
    await page.touchscreen.tap(at.x, at.y);
    await eventually(async () => expect(await labelsHeard(page, 'select')).toHaveLength(1));
    const [label] = await labelsHeard(page, 'select');

    const devtools = await page.createCDPSession();
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...touchPoints: Point[]) =>
      devtools.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: touchPoints.map((point, id) => ({ ...point, id })),
      });
    const apart = (by: number) => [
      { x: at.x - by, y: at.y },
      { x: at.x + by, y: at.y },
    ];
    await touch('touchStart', ...apart(20));
    for (const by of [25, 30, 35, 40]) await touch('touchMove', ...apart(by));
    await touch('touchEnd');
    // Two fingers choose nothing, and what is between them stays there.
    expect(await labelsHeard(page, 'deselect')).toEqual([]);
    await page.touchscreen.tap(at.x, at.y);
    await eventually(async () => expect(await labelsHeard(page, 'deselect')).toEqual([label]));

    await page.touchscreen.tap(at.x, at.y);
    await touch('touchStart', at);
    for (const by of [10, 20, 30]) await touch('touchMove', { x: at.x + by, y: at.y });
    await touch('touchEnd');
    await page.touchscreen.tap(at.x + 30, at.y);
    await eventually(async () =>
      expect(await labelsHeard(page, 'deselect')).toEqual([label, label]),
    );
    expect(page.complaints).toEqual([]);
  });

  it('hints at a seat that the choice would leave alone, where the event prefers none', async () => {
    const page = await open(await api.event({ orphanRule: 'prefer' }));
    const choose = (label: string) =>
      page.evaluate(`document.querySelector('holdfast-map').choose('${label}')`);
    await choose('A-2');
    await seen(
      page,
      '::-p-text(Seat A-1 would be left alone. Please take it too, or move by one seat.)',
    );
    expect(await findings(page)).toEqual([]);
    await choose('A-1');
    await eventually(async () => expect(await note(page, 'orphan')).toBe(''));
    const told = (await heardBy(page)).filter(({ type }) => type === 'orphans');
    expect(told.map(({ seats }) => seats)).toEqual([['A-1'], []]);
  });

  it('sends the publishable key that it is given, from another origin', async () => {
    const event = await api.event();
    const { publishable: key } = system.info.keys;
    const page = await openPage(browser, 'about:blank');
    const sent: string[] = [];
    page.on('request', (request) => {
      if (/\/v1\/events\/[^/]+(\/seats)?$/.test(request.url()))
        sent.push(`${request.method()} ${request.headers().authorization ?? ''}`);
    });
    await page.goto(siteUrl(event, { key }));
    await page.waitForFunction("heard.some(({ type }) => type === 'ready')");
    // The browser asks first whether the page may.
    expect(sent).toContain('OPTIONS ');
    expect(sent.filter((one) => one.startsWith('GET'))).toEqual(Array(2).fill(`GET Bearer ${key}`));
    await page.evaluate("document.querySelector('holdfast-map').choose('A-1')");
    expect(await labelsHeard(page, 'select')).toEqual(['A-1']);
    expect(page.complaints).toEqual([]);
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
