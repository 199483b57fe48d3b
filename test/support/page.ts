import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer';
import { eventually } from './api';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const PHONE = { width: 390, height: 844, isMobile: true, hasTouch: true };
export const DESKTOP = { width: 1280, height: 800 };
/** Generous: a call of the page is sent again for a minute when the machine is busy. */
const WITHIN_MS = 240_000;

/** A real Chromium for pages: with a network, unlike the one that prints tickets. */
export async function openBrowser(args: readonly string[] = []): Promise<{
  browser: Browser;
  close: () => Promise<void>;
}> {
  const profile = await mkdtemp(join(tmpdir(), `holdfast-pages-${process.pid}-`));
  const browser = await puppeteer.launch({
    executablePath: process.env.PUPPETEER_EXECUTABLE_PATH!,
    headless: 'shell',
    pipe: true,
    userDataDir: profile,
    timeout: 120_000,
    protocolTimeout: 120_000,
    args: [
      ...['--no-sandbox', '--no-zygote', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...['--disable-dev-shm-usage', '--lang=en-GB', ...args],
    ],
  });
  return {
    browser,
    async close() {
      await browser.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** A page of a browser session of its own; what its console or a policy complains of is kept. */
export async function openPage(
  browser: Browser,
  url: string,
  viewport: typeof PHONE | typeof DESKTOP = DESKTOP,
): Promise<Page & { complaints: string[] }> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // Refused calls are answers that the page shows.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      complaints.push(message.text());
  });
  page.setDefaultTimeout(WITHIN_MS);
  await page.setViewport(viewport);
  await page.goto(url);
  return Object.assign(page, { complaints });
}

/** @throws what the step throws, with what the page shows meanwhile */
async function onPage(page: Page, step: Promise<void>): Promise<void> {
  try {
    await step;
  } catch (error) {
    const text = await textOf(page).catch(() => 'nothing that can be read');
    throw new Error(`${(error as Error).message}. The page shows: ${text}`, { cause: error });
  }
}

/** Types into the field of this label, in place of what is there. */
export const fill = (page: Page, label: string, text: string): Promise<void> =>
  onPage(page, page.locator(`::-p-aria(${label})`).fill(text));

export const press = (page: Page, button: string): Promise<void> =>
  onPage(page, page.locator(`::-p-aria([name="${button}"][role="button"])`).click());

export const follow = (page: Page, link: string): Promise<void> =>
  onPage(page, page.locator(`::-p-aria([name="${link}"][role="link"])`).click());

/** Keeps the page's calls of one kind waiting. @returns lets those go on that have come, and says how many */
export async function keepWaiting(
  page: Page,
  isKept: (method: string, url: string) => boolean,
): Promise<() => number> {
  const waiting: (() => void)[] = [];
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const goOn = () => void request.continue();
    if (isKept(request.method(), request.url())) waiting.push(goOn);
    else goOn();
  });
  return () => {
    const gone = waiting.splice(0);
    gone.forEach((goOn) => goOn());
    return gone.length;
  };
}

/** The text of the page, or of a part of it, as people see it. */
export async function textOf(page: Page, selector = 'body'): Promise<string> {
  return page.$eval(selector, (element) => (element as unknown as { innerText: string }).innerText);
}

/** Waits until the page, or a part of it, shows a text. */
export async function shows(page: Page, expected: string | RegExp, selector?: string) {
  await eventually(async () => {
    const text = await textOf(page, selector);
    const found = typeof expected === 'string' ? text.includes(expected) : expected.test(text);
    if (!found) throw new Error(`The page does not show ${String(expected)}, but: ${text}`);
  }, WITHIN_MS);
}

interface Finding {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

/** What axe finds wrong in the page as it is, by day and by night. */
export async function findings(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const scheme of ['dark', 'light'] as const) {
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ]);
    await page.evaluate(AXE);
    const { violations } = (await page.evaluate('axe.run()')) as { violations: Finding[] };
    for (const { id, nodes } of violations)
      found.push(...nodes.map((node) => `${scheme} ${id}: ${node.html} ${node.failureSummary}`));
  }
  return found;
}

/**
 * Keeps a picture of the page, or of a part of it, where SCREENSHOTS names a folder, for people and for the
 * documentation.
 */
export async function picture(page: Page, name: string, part?: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.png`) as `${string}.png`;
  if (part === undefined) await page.screenshot({ path, fullPage: true });
  else await (await page.$(part))!.screenshot({ path });
}
