import type { Browser } from 'puppeteer';
import QRCode from 'qrcode';

/** A picture of a ticket's code, as a camera sees it. @returns a JPEG */
export async function createQrCode(browser: Browser, code: string): Promise<Uint8Array> {
  const svg = await QRCode.toString(code, { type: 'svg', margin: 4 });
  const page = await browser.newPage();
  try {
    await page.setViewport({ width: 640, height: 480 });
    await page.setContent(
      `<body style="margin:0;background:#fff;text-align:center"><div style="display:inline-block;width:460px">${svg}</div>`,
    );
    return await page.screenshot({ type: 'jpeg', quality: 95 });
  } finally {
    await page.close();
  }
}
