import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBrowserPool } from '../../product';
import type { Chart } from '../../report/charts';
import { renderReport } from '../../report/report';

const WIDTH = 720;
/** Sharp on a fine screen, small on disk. */
const SCALE = 1.5;

/** Draws charts as a report does and keeps each as a picture. @param charts by the name of the file, without its ending */
export async function savePictures(folder: string, charts: ReadonlyMap<string, Chart>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const keeper = createBrowserPool();
  try {
    for (const [name, chart] of charts) {
      const html = renderReport({ title: chart.title, intro: [], tables: [], charts: [chart], meta: {} });
      const png = await keeper.withPage(async (page) => {
        await page.setViewport({ width: WIDTH, height: WIDTH, deviceScaleFactor: SCALE });
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
        await page.setContent(html);
        const figure = await page.$('figure');
        if (!figure) throw new Error(`the report shows no chart ${chart.title}`);
        return figure.screenshot({ type: 'png' });
      });
      writeFileSync(join(folder, `${name}.png`), png);
    }
  } finally {
    await keeper.close();
  }
}
