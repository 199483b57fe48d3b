import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'puppeteer';
import {
  createBrowserPool,
  PageTimeLimit,
  type BrowserPool,
  type BrowserPoolOptions,
} from '../../src/documents/browser';
import { renderTickets } from '../../src/documents/render-tickets';
import { readPdf } from '../support/pdf-reader';
import { sheet } from './sheets';

const keepers: BrowserPool[] = [];
function keep(options: BrowserPoolOptions = {}): BrowserPool {
  const keeper = createBrowserPool(options);
  keepers.push(keeper);
  return keeper;
}
afterEach(() => Promise.all(keepers.splice(0).map((keeper) => keeper.close())));

const titleOf = async (page: Page) => {
  await page.setContent('<title>here</title>');
  return page.title();
};
const open = (keeper: BrowserPool) => keeper.withPage(titleOf);

/** The processes of a browser: the group that it leads. */
function processesOf(leader: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => groupOf(pid) === leader);
}

function groupOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? null : Number(group);
  } catch {
    return null;
  }
}

const profilesOf = (owner: number) =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`holdfast-browser-${owner}-`));

async function eventually(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 1000; tries++) await sleep(100);
  expect(holds()).toBe(true);
}

test('the browser gets none of our secrets', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    DATABASE_URL: 'postgres://u:leaked@db/holdfast',
    SMTP_URL: 'smtps://u:leaked@mail.example.org',
    STRIPE_WEBHOOK_SECRET: 'leaked-secret',
  });
  const keeper = keep();
  try {
    await open(keeper);
    const environments = processesOf(keeper.pid()!).map((pid) =>
      readFileSync(`/proc/${pid}/environ`, 'utf8'),
    );
    expect(environments.join()).toContain('PATH=');
    expect(environments.join()).not.toMatch(/leaked|DATABASE_URL|SMTP_URL|WEBHOOK/);
  } finally {
    process.env = before;
  }
});

test('one browser serves all pages', async () => {
  const keeper = keep();
  expect(keeper.pid()).toBeNull();
  await open(keeper);
  const pid = keeper.pid();
  await Promise.all([open(keeper), open(keeper), open(keeper)]);
  expect(keeper.pid()).toBe(pid);
});

test('no more pages are open at a time than said, and all get their turn', async () => {
  const keeper = keep({ concurrency: 2 });
  let atWork = 0;
  let most = 0;
  const pages = Array.from({ length: 6 }, () =>
    keeper.withPage(async () => {
      most = Math.max(most, ++atWork);
      await sleep(50);
      atWork--;
    }),
  );
  await Promise.all(pages);
  expect(most).toBe(2);
});

test('after so many pages a new browser takes over and the old one ends', async () => {
  const keeper = keep({ renewAfterPages: 2 });
  await open(keeper);
  const old = keeper.pid()!;
  await open(keeper);
  await open(keeper);
  expect(keeper.pid()).not.toBe(old);
  await eventually(() => processesOf(old).length === 0);
});

test('a browser that is killed in the middle of a print is replaced, and the ticket comes out whole', async () => {
  const keeper = keep();
  const content = sheet();
  await open(keeper);
  const old = keeper.pid()!;
  const printing = renderTickets(keeper, content);
  await sleep(20);
  process.kill(old, 'SIGKILL');
  const { pages } = await readPdf((await printing).pdf);
  expect(pages.map(({ qr }) => qr)).toEqual([content.tickets[0]!.code]);
  expect(keeper.pid()).not.toBe(old);
  await eventually(() => processesOf(old).length === 0 && profilesOf(process.pid).length === 1);
});

test('a browser that died between two pages is started anew', async () => {
  const keeper = keep();
  await open(keeper);
  process.kill(keeper.pid()!, 'SIGKILL');
  expect(await open(keeper)).toBe('here');
});

test('a page that is never done ends at its limit, with the browser and all its processes', async () => {
  const keeper = keep({ pageLimitMs: 15_000 });
  await open(keeper);
  const old = keeper.pid()!;
  const hanging = keeper.withPage((page) => page.evaluate('for (;;) {}'));
  await expect(hanging).rejects.toThrow(PageTimeLimit);
  expect(await open(keeper)).toBe('here');
  expect(keeper.pid()).not.toBe(old);
  await eventually(() => processesOf(old).length === 0);
});

test('a browser that stands still is killed, and the next page gets a new one', async () => {
  const keeper = keep({ pageLimitMs: 15_000 });
  await open(keeper);
  const old = keeper.pid()!;
  process.kill(-old, 'SIGSTOP');
  await expect(open(keeper)).rejects.toThrow(PageTimeLimit);
  expect(await open(keeper)).toBe('here');
  await eventually(() => processesOf(old).length === 0);
});

test('an error of the page itself is passed on, once, and the browser stays', async () => {
  const keeper = keep();
  await open(keeper);
  const pid = keeper.pid();
  const work = jest.fn(() => Promise.reject(new Error('no such thing')));
  await expect(keeper.withPage(work)).rejects.toThrow('no such thing');
  expect(work).toHaveBeenCalledTimes(1);
  expect(keeper.pid()).toBe(pid);
});

test('a page runs no script and fetches nothing', async () => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const html = `<link rel="stylesheet" href="${url}/css">
    <link rel="preconnect" href="${url}"><img src="${url}/img"><iframe src="${url}/frame"></iframe>
    <iframe src="file:///etc/passwd"></iframe><style>@import "${url}/import"; body { background: url(${url}/background) }</style>
    <script>document.title = 'script'; fetch('${url}/script')</script><title>still</title>`;
  const title = await keep().withPage(async (page) => {
    await page.setContent(html, { waitUntil: 'domcontentloaded' });
    await sleep(500);
    const shown = await page.evaluate('document.title');
    await page.setContent(`<meta http-equiv="refresh" content="0; url=${url}/refresh">`, {
      waitUntil: 'domcontentloaded',
    });
    await sleep(300);
    return shown;
  });
  server.close();
  expect(title).toBe('still');
  expect(requests).toEqual([]);
});

test('closing waits for pages at work, leaves no process and no file, and opens nothing afterwards', async () => {
  const keeper = keep();
  await open(keeper);
  const pid = keeper.pid()!;
  const page = keeper.withPage(() => sleep(200).then(() => 'done'));
  await keeper.close();
  expect(await page).toBe('done');
  expect(processesOf(pid)).toEqual([]);
  expect(profilesOf(process.pid)).toEqual([]);
  await expect(open(keeper)).rejects.toThrow('closed');
});

test('a browser that cannot be started is an error that says why', async () => {
  await expect(open(keep({ executablePath: '/nowhere/chromium' }))).rejects.toThrow(
    /No Chromium could be started.*nowhere/s,
  );
});

/** A process that keeps a browser; resolves once a page was open in it. */
async function startKeeper(
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; exit: Promise<unknown>; browser: number }> {
  const child = spawn(process.execPath, ['test/support/keep-browser.cjs', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, exit, browser: Number(line.toString()) };
}

test('a browser ends with its process, even when that is killed, and its files go at the next start', async () => {
  const { child, exit, browser } = await startKeeper([], process.env);
  expect(processesOf(browser)).not.toEqual([]);
  child.kill('SIGKILL');
  await exit;
  await eventually(() => processesOf(browser).length === 0);
  await open(keep());
  expect(profilesOf(child.pid!)).toEqual([]);
});
