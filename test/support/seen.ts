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
