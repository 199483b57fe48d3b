import type { Browser, Page } from 'puppeteer';
import { launchBrowser, type LaunchedBrowser, type SandboxMode } from './chromium';

export interface BrowserPoolOptions {
  /** The only Chromium to use. Default: `PUPPETEER_EXECUTABLE_PATH`, otherwise the system's. */
  executablePath?: string;
  /** Default: `off` as root, where Chromium has no sandbox; otherwise `required`. */
  sandbox?: SandboxMode;
  /** Pages open at a time. Default 2. */
  concurrency?: number;
  /**
   * After this many pages a new browser replaces the old one, so that leaked memory is freed.
   * Default 250.
   */
  renewAfterPages?: number;
  /** Time limit for all work on one page. Default 60 s. */
  pageLimitMs?: number;
  /** Time limit for starting a browser. Default 30 s. */
  launchLimitMs?: number;
  /** Called when a browser is replaced or ends unexpectedly. */
  log?: (message: string) => void;
}

export interface BrowserPool {
  /**
   * Runs work on a blank page, with scripts disabled and without network access. If the browser
   * dies meanwhile, the work is repeated once on a new browser, so it must be safe to run twice.
   * @throws PageTimeLimit when the work takes too long. The browser is then killed, because it may
   * hang.
   */
  withPage<T>(work: (page: Page) => Promise<T>): Promise<T>;
  /** Process id of the browser at work, null when there is none. */
  pid(): number | null;
  /**
   * Waits for the work in progress (each page has its time limit), then ends the browser. No page
   * can be opened afterwards.
   */
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
  /**
   * Settles when the browser has ended for any reason. After that, some commands to it fail, but
   * others wait for ever.
   */
  gone: Promise<'browser-gone'>;
  pid: number | null;
  opened: number;
  atWork: number;
  /** Blank pages for reuse: opening a new page costs more than printing one. */
  blank: Page[];
  /** A retired browser gets no new pages. */
  retired: boolean;
}

/**
 * Keeps one Chromium for all pages of this process. It starts on first use, and again when it has
 * died, hangs or has opened enough pages.
 */
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
      // The page's own time limit applies first and has its own message.
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

  /** With `when-idle`, the work in progress may finish. */
  function retire(pooled: PooledBrowser, when: 'now' | 'when-idle'): void {
    pooled.retired = true;
    if (current === pooled) current = null;
    if (when === 'when-idle' && pooled.atWork > 0) return;
    const ending: Promise<void> = pooled.launched
      .then((launched) => launched.kill())
      .catch(() => undefined) // The browser never started; the caller that waited for it has the error.
      .finally(() => endings.delete(ending));
    endings.add(ending);
  }

  /**
   * One attempt on the current browser. `browser-gone`: the browser died during the work, and the
   * page is not the cause.
   */
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
      if (closed) throw new Error('The browser pool is closed');
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

/** Opens a new page with scripts disabled and without network access. */
async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(false);
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const allowed = request.url().startsWith('data:') || request.url() === 'about:blank';
    // The page may have been closed in between; then no answer is needed.
    (allowed ? request.continue() : request.abort()).catch(() => undefined);
  });
  return page;
}

/**
 * Runs work on a blank page and clears the page afterwards, so that no data of one buyer is left
 * for the next. After a failure the page is closed.
 */
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
    // A page that cannot be closed belongs to a browser that has ended.
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

/** Limits concurrent work to `count`, first come, first served. */
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
