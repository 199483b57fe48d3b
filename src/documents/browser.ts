import type { Browser, Page } from 'puppeteer';
import { launchBrowser, type LaunchedBrowser, type SandboxMode } from './chromium';

export interface BrowserPoolOptions {
  /** The Chromium to use, and no other. Default: `PUPPETEER_EXECUTABLE_PATH`, the system's, the one that comes along. */
  executablePath?: string;
  /** Default: `off` as root (Chromium has none there), else `required`. */
  sandbox?: SandboxMode;
  /** Pages open at a time. Default 2. */
  concurrency?: number;
  /** Pages after which a new browser takes over, so that memory lost in an old one comes back. Default 250. */
  renewAfterPages?: number;
  /** Limit of one page's whole work. Default 60 s. */
  pageLimitMs?: number;
  /** Limit of a browser's start. Default 30 s. */
  launchLimitMs?: number;
  /** Told when a browser starts or ends before its time. */
  log?: (message: string) => void;
}

export interface BrowserPool {
  /**
   * Does some work on a blank page: without scripts of its own, and with no way to the network. When the browser dies
   * meanwhile the work is done again, once, on a new one: so it must be safe to run twice.
   * @throws PageTimeLimit when it takes too long; the browser is then killed, because it may hang.
   */
  withPage<T>(work: (page: Page) => Promise<T>): Promise<T>;
  /** Process id of the browser at work, null when there is none. */
  pid(): number | null;
  /** Waits for the pages at work (each has its limit), then ends the browser. Nothing can be opened afterwards. */
  close(): Promise<void>;
}

export class PageTimeLimit extends Error {
  constructor(limitMs: number) {
    super(`The page was not done within ${limitMs} ms`);
    this.name = 'PageTimeLimit';
  }
}

interface PooledBrowser {
  launched: Promise<LaunchedBrowser>;
  /** Settles when the browser has ended, however that came: not every command to it fails then, some just wait. */
  gone: Promise<'browser-gone'>;
  pid: number | null;
  opened: number;
  atWork: number;
  /** Blank pages for the next ones: a new page costs more than to print one. */
  blank: Page[];
  /** No new page goes to it. */
  retired: boolean;
}

/** Keeps one Chromium for all pages of this process: started on first use, started anew when it dies, hangs or is old. */
export function createBrowserPool(options: BrowserPoolOptions = {}): BrowserPool {
  const {
    concurrency = 2,
    renewAfterPages = 250,
    pageLimitMs = 60_000,
    launchLimitMs = 30_000,
    log,
  } = options;
  const sandbox = options.sandbox ?? (process.getuid?.() === 0 ? 'off' : 'required');
  const slots = createSlots(concurrency);
  const endings = new Set<Promise<void>>();
  let current: PooledBrowser | null = null;
  let closed = false;

  function start(): PooledBrowser {
    const launched = launchBrowser({
      executablePath: options.executablePath,
      sandbox,
      launchLimitMs,
      // The page's own limit comes first, and says so.
      commandLimitMs: pageLimitMs + 1000,
    });
    const gone = launched.then(
      ({ browser }) =>
        new Promise<void>((resolve) => browser.once('disconnected', () => resolve())),
      () => undefined,
    );
    const pooled: PooledBrowser = {
      launched,
      gone: gone.then(() => 'browser-gone'),
      pid: null,
      opened: 0,
      atWork: 0,
      blank: [],
      retired: false,
    };
    void gone.then(() => {
      if (!pooled.retired) log?.('Chromium ended before its time; the next page starts it anew');
      retire(pooled, 'now');
    });
    return pooled;
  }

  /** `when-idle`: the pages at work may finish. */
  function retire(pooled: PooledBrowser, when: 'now' | 'when-idle'): void {
    pooled.retired = true;
    if (current === pooled) current = null;
    if (when === 'when-idle' && pooled.atWork > 0) return;
    const ending: Promise<void> = pooled.launched
      .then((launched) => launched.kill())
      .catch(() => undefined) // It never started, and whoever waited for it has the reason.
      .finally(() => endings.delete(ending));
    endings.add(ending);
  }

  /** One try on the current browser. `browser-gone`: it died under this page through no fault of the page. */
  async function attempt<T>(
    work: (page: Page) => Promise<T>,
  ): Promise<{ value: T } | 'browser-gone'> {
    const pooled = (current ??= start());
    pooled.opened++;
    pooled.atWork++;
    if (pooled.opened >= renewAfterPages) retire(pooled, 'when-idle');
    try {
      const { browser } = await pooled.launched;
      pooled.pid = browser.process()?.pid ?? null;
      try {
        const done = withinLimit(pageLimitMs, () => workOnPage(browser, pooled.blank, work));
        return await Promise.race([done.then((value) => ({ value })), pooled.gone]);
      } catch (error) {
        if (error instanceof PageTimeLimit) {
          log?.(`${error.message}; Chromium is killed`);
          retire(pooled, 'now');
        } else if (!browser.connected) return 'browser-gone';
        throw error;
      }
    } finally {
      pooled.atWork--;
      if (pooled.retired) retire(pooled, 'when-idle');
    }
  }

  return {
    async withPage(work) {
      if (closed) throw new Error('The browser keeper is closed');
      return slots.within(async () => {
        const first = await attempt(work);
        const outcome = first === 'browser-gone' ? await attempt(work) : first;
        if (outcome === 'browser-gone') throw new Error('The browser died twice under this page');
        return outcome.value;
      });
    },
    pid: () => current?.pid ?? null,
    async close() {
      closed = true;
      await slots.idle();
      if (current) retire(current, 'now');
      await Promise.all(endings);
    },
  };
}

/** A new page, without scripts of its own and with no way out. */
async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(false);
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const allowed = request.url().startsWith('data:') || request.url() === 'about:blank';
    // The page may have been closed in between; then there is nothing left to answer.
    (allowed ? request.continue() : request.abort()).catch(() => undefined);
  });
  return page;
}

/** Works on a blank page, and makes it blank again: nothing of one buyer is left for the next. After a failure it is closed. */
async function workOnPage<T>(
  browser: Browser,
  blank: Page[],
  work: (page: Page) => Promise<T>,
): Promise<T> {
  const page = blank.pop() ?? (await openPage(browser));
  try {
    const result = await work(page);
    await page.setContent('');
    blank.push(page);
    return result;
  } catch (error) {
    // A page that cannot be closed belongs to a browser that is gone.
    await page.close().catch(() => undefined);
    throw error;
  }
}

async function withinLimit<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new PageTimeLimit(limitMs)), limitMs);
  });
  try {
    return await Promise.race([work(), limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** At most `count` pieces of work at a time, first come first served. */
function createSlots(count: number) {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const idleListeners: (() => void)[] = [];

  return {
    async within<T>(work: () => Promise<T>): Promise<T> {
      if (taken < count) taken++;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else if (--taken === 0) for (const listener of idleListeners.splice(0)) listener();
      }
    },
    async idle(): Promise<void> {
      if (taken > 0) await new Promise<void>((resolve) => idleListeners.push(resolve));
    },
  };
}
