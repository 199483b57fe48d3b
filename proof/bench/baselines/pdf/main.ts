import type { Page } from 'puppeteer';
import {
  createBrowserPool,
  launchBrowser,
  printableSheet,
  renderTickets,
  ticketDocument,
} from '../../product';
import type { PrintRequest, PrintResult } from './printer';
import { makeSheet } from './sheets';

/** As many as the documents worker prints at a time. */
const AT_ONCE = 2;
const TIMEOUT_MS = 60_000;
const SANDBOX = 'preferred';

let printed = 0;

/** Prints tickets one by one. @throws Error when a result is not a PDF */
async function printAll(
  count: number,
  print: (index: number, lane: number) => Promise<Uint8Array>,
): Promise<PrintResult> {
  let [next, bytes] = [0, 0];
  const started = performance.now();
  const work = async (_: unknown, lane: number): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const pdf = await print(printed++, lane);
      if (Buffer.from(pdf.subarray(0, 5)).toString() !== '%PDF-')
        throw new Error('the result is not a PDF');
      bytes += pdf.length;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { wallMs: performance.now() - started, bytes };
}

/** Ours: as the documents worker prints. */
const pool = createBrowserPool({ sandbox: SANDBOX });
const printOurs = (count: number): Promise<PrintResult> =>
  printAll(count, async (index) => (await renderTickets(pool, makeSheet(index))).pdf);

/** The baseline `pdf`: an open page gets the same content and is printed. */
async function printBaseline(count: number): Promise<PrintResult> {
  const timeouts = { launchLimitMs: TIMEOUT_MS, commandLimitMs: TIMEOUT_MS };
  const launched = await launchBrowser({ sandbox: SANDBOX, ...timeouts });
  try {
    const pages: Page[] = [];
    for (let lane = 0; lane < AT_ONCE; lane++) pages.push(await launched.browser.newPage());
    const documents = Array.from({ length: count + AT_ONCE }, (_, index) =>
      ticketDocument(printableSheet(makeSheet(index))),
    );
    const print = async (lane: number): Promise<Uint8Array> => {
      const page = pages[lane]!;
      await page.setContent(documents.pop()!, { waitUntil: 'domcontentloaded' });
      return page.pdf({ preferCSSPageSize: true, printBackground: true, timeout: 0 });
    };
    // The first page of a browser takes several times as long.
    await Promise.all(pages.map((_, lane) => print(lane)));
    return await printAll(count, (_, lane) => print(lane));
  } finally {
    await launched.kill();
  }
}

/** Prints on request over the channel, one request at a time. */
process.on('message', ({ side, count }: PrintRequest) => {
  (side === 'ours' ? printOurs(count) : printBaseline(count)).then(
    (result) => process.send?.({ result }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
for (const event of ['SIGTERM', 'disconnect'] as const) {
  process.once(event, () => void pool.close().finally(() => process.exit(0)));
}
process.send?.('ready');
