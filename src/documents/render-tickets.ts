import type { BrowserPool } from './browser';
import { printableSheet } from './printable-sheet';
import { ticketDocument } from './ticket-page';
import type { PrintedTickets, TicketSheet } from './ticket-sheet';

/** The maximum number of tickets in one PDF. */
export const MAX_TICKETS_PER_PDF = 100;

/**
 * Shrinks text that does not fit its box, down to a fifth of its size: first in whole words, then,
 * if that would make it tiny, with breaks inside words. It runs in the browser, after layout,
 * because only the fonts determine how wide a text is. The same text in the same kind of box is
 * measured once.
 */
const SHRINK_TO_FIT = `(async () => {
  await Promise.all([...document.fonts].map((font) => font.load()));
  const overflows = (box) => box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1;
  const shrink = (box, smallest) => {
    for (let percent = 100; percent >= smallest; percent -= 4) {
      box.style.setProperty('--fit', percent / 100);
      if (!overflows(box)) return true;
    }
    return false;
  };
  const groups = new Map();
  for (const box of [...document.querySelectorAll('[data-fit]')].filter(overflows)) {
    const key = box.dataset.fit + '\\n' + box.textContent;
    groups.set(key, [...(groups.get(key) ?? []), box]);
  }
  for (const [first, ...others] of groups.values()) {
    if (!shrink(first, 50)) {
      first.style.overflowWrap = 'anywhere';
      shrink(first, 20);
    }
    for (const box of others) box.style.cssText = first.style.cssText;
  }
})()`;

/**
 * Prints a reservation's tickets as a PDF with one A4 page for each ticket, in their order, using
 * bundled fonts only.
 * @throws RangeError for no ticket or too many; PageTimeLimit when the browser hangs
 */
export async function renderTickets(
  keeper: BrowserPool,
  sheet: TicketSheet,
): Promise<PrintedTickets> {
  if (sheet.tickets.length === 0 || sheet.tickets.length > MAX_TICKETS_PER_PDF) {
    throw new RangeError(`A PDF takes 1 to ${MAX_TICKETS_PER_PDF} tickets`);
  }
  const printable = printableSheet(sheet);
  const html = ticketDocument(printable);
  const pdf = await keeper.withPage(async (page) => {
    await page.setContent(html, { waitUntil: 'domcontentloaded' });
    await page.evaluate(SHRINK_TO_FIT);
    return Buffer.from(
      await page.pdf({ preferCSSPageSize: true, printBackground: true, timeout: 0 }),
    );
  });
  return { pdf, substituted: printable.substituted };
}
