import type { ElementHandle, Page } from 'puppeteer';
import { eventually } from './api';

/**
 * Waits for an element by looking again and again: what changes in a shadow root wakes no selector
 * of the page.
 */
export const seen = (page: Page, selector: string): Promise<ElementHandle> =>
  eventually(async () => {
    const found = await page.$(selector);
    if (!found) throw new Error(`There is no ${selector}`);
    return found;
  }, 60_000);

/**
 * Clicks an element with the mouse once it is there. A locator of Puppeteer waits for a mutation of the
 * page, which an element in a shadow root is none of: it may wait until its time is over.
 */
export const clickSeen = (page: Page, selector: string): Promise<void> =>
  eventually(async () => {
    const found = await page.$(selector);
    if (!found) throw new Error(`There is no ${selector}`);
    await found.click();
  }, 60_000);
