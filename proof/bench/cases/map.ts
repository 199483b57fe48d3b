import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer';
import { findChromium } from '../../../dev/chromium';
import { onPath } from '../../../dev/fetched-programs';
import { summarise } from '../../report/statistics';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { scaled } from '../holds';
import { CHROMIUM_NAMES } from '../product';
import { takeTurns } from '../turns';

const SIZES = [
  { seats: 1_000, readyWithinMs: 500 },
  { seats: 20_000, readyWithinMs: 800 },
  { seats: 100_000, readyWithinMs: 1_500 },
] as const;
const FRAME_WITHIN_MS = 33;
const PANNING_MS = 5_000;
const LIMIT_MS = 60_000;
const VIEWPORT = { width: 1280, height: 800 };

async function chromium(): Promise<string> {
  const { env } = process;
  const found =
    (await findChromium(env)) ??
    env.PUPPETEER_EXECUTABLE_PATH ??
    CHROMIUM_NAMES.flatMap((name) => onPath(name, env)).find((path) => existsSync(path));
  if (found === undefined) throw new Error('There is no Chromium');
  return found;
}

/** A browser with an empty cache, without a graphics card, as on a plain server. */
async function withBrowser<Result>(work: (browser: Browser) => Promise<Result>): Promise<Result> {
  const profile = await mkdtemp(join(tmpdir(), `holdfast-bench-map-${process.pid}-`));
  const browser = await puppeteer.launch({
    executablePath: await chromium(),
    headless: 'shell',
    pipe: true,
    userDataDir: profile,
    args: ['--no-sandbox', '--no-zygote', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  try {
    return await work(browser);
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** A site with one script tag and one element, as any shop has it. */
async function withSite<Result>(
  { apiUrl }: Bench,
  work: (siteUrl: string) => Promise<Result>,
): Promise<Result> {
  const site = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><html lang="en"><title>Map</title>
<script>document.addEventListener('ready', () => { readyMs = performance.now(); });
var readyMs = null;</script>
<script src="${apiUrl}/assets/holdfast-map.js"></script>
<holdfast-map event="${request.url!.slice(1)}"></holdfast-map></html>`);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`http://127.0.0.1:${(site.address() as AddressInfo).port}`);
  } finally {
    site.closeAllConnections();
    site.close();
  }
}

/** Drags the map to and fro, zoomed in, and notes when each frame comes. @returns the times between them */
async function pan(page: Page): Promise<number[]> {
  const canvas = (await page.$('holdfast-map >>> canvas'))!;
  const { x, y, width, height } = (await canvas.boundingBox())!;
  const [left, middle] = [x + width / 4, y + height / 2];
  await canvas.focus();
  await page.mouse.move(left, middle);
  // As far as a buyer goes to read the numbers of rows.
  for (let step = 0; step < 3; step++) await page.mouse.wheel({ deltaY: -300 });
  await page.mouse.down();
  await page.evaluate(`var frames = []; (function note(at) { frames.push(at); requestAnimationFrame(note); })(
    performance.now());`);
  const end = performance.now() + PANNING_MS;
  for (let step = 0; performance.now() < end; step++) {
    const phase = (step % 100) / 50;
    const across = phase < 1 ? phase : 2 - phase;
    await page.mouse.move(left + (across * width) / 2, middle + (across * height) / 8);
  }
  const frames = (await page.evaluate('frames')) as number[];
  await page.mouse.up();
  return frames.slice(1).map((at, index) => at - frames[index]!);
}

async function look(browser: Browser, url: string, isPanned: boolean) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.setViewport(VIEWPORT);
    await page.goto(url);
    await page.waitForFunction('readyMs !== null', { timeout: LIMIT_MS });
    // Milliseconds since the navigation began.
    const readyMs = (await page.evaluate('readyMs')) as number;
    return { readyMs, frameMs: isPanned ? summarise(await pan(page)).p95 : 0 };
  } finally {
    await context.close();
  }
}

/** Events are large, and the map of each is the same in every round. */
const events = new WeakMap<Bench, Map<number, BenchEvent>>();

async function eventOf(bench: Bench, seats: number): Promise<BenchEvent> {
  const known = events.get(bench) ?? new Map<number, BenchEvent>();
  events.set(bench, known);
  const event = known.get(seats) ?? (await bench.makeEvent(seats));
  known.set(seats, event);
  return event;
}

async function measure(bench: Bench, round: number): Promise<Figures> {
  const figures: Figures = {};
  const turns = SIZES.map(({ seats }) => ({
    of: 'ours' as const,
    measure: async () => {
      const { slug } = await eventOf(bench, scaled(bench, seats));
      await withSite(bench, (site) =>
        withBrowser(async (browser) => {
          // The browser's own start and the server's first look at the event are not the map's.
          await look(browser, `${site}/${slug}`, false);
          const { readyMs, frameMs } = await look(browser, `${site}/${slug}`, true);
          figures[`ready${seats}Ms`] = readyMs;
          figures[`frame${seats}Ms`] = frameMs;
        }),
      );
    },
  }));
  await takeTurns(bench, round, turns);
  return figures;
}

/** The component in a browser: a page is as fast as its map. */
export const map: Case = {
  id: 'map',
  title:
    '<holdfast-map> in Chromium: from navigation to its `ready` event; five seconds of panning',
  rounds: 5,
  targets: SIZES.flatMap(({ seats, readyWithinMs }) => {
    const size = seats.toLocaleString('en');
    return [
      {
        title: `${size} seats: until \`ready\` (ms)`,
        of: (figures: Figures) => figures[`ready${seats}Ms`]!,
        atMost: readyWithinMs,
      },
      {
        title: `${size} seats: 95 of 100 frames of panning (ms)`,
        of: (figures: Figures) => figures[`frame${seats}Ms`]!,
        atMost: FRAME_WITHIN_MS,
      },
    ];
  }),
  measure,
};
