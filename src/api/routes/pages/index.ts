import type Router from '@koa/router';
import type { Context } from 'koa';
import { Problem } from '../../problem';
import { eventNameForm } from '../events/schema';
import type { DevPages } from '../home/page';
import type { Assets } from './assets';

/** What a page may do: run and show what this API serves, and call it. Nothing inline, nothing from elsewhere. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/**
 * The frame of a page, which has the style and the script of that name. Everything that is shown
 * comes from the scripts.
 */
const pageOf = (
  assets: Assets,
  name: string,
  { scripts = [], calls = [] }: { scripts?: readonly string[]; calls?: readonly string[] },
): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Holdfast</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assets.url(`${name}.css`)}">
${calls.map((path) => `<link rel="preload" as="fetch" href="${path}" crossorigin>`).join('\n')}
${[...scripts, name].map((script) => `<script type="module" src="${assets.url(`${script}.js`)}"></script>`).join('\n')}
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;

/** The shop window: null when it is switched off. */
export interface ShopWindow {
  /** Its publishable key, which everybody may see. */
  key: string;
  /** Where buyers pay; null: on the page of the test provider. */
  paymentUrl: string | null;
}

export interface PageDeps {
  assets: Assets;
  shopWindow: ShopWindow | null;
  devPages: DevPages;
}

/** The pages for people and what they load. Not part of the OpenAPI document. */
export function mountPages(router: Router, { assets, shopWindow, devPages }: PageDeps): void {
  if (shopWindow) {
    // What the scripts will ask for is on its way before they run.
    const config = '/assets/config.json';
    const start = pageOf(assets, 'shop', { calls: [config] });
    const page = (slug: string) =>
      pageOf(assets, 'shop', {
        scripts: ['holdfast-map'],
        calls: [config, `/v1/events/${slug}/seats`],
      });
    const answer = (ctx: Context, html: string): void => {
      ctx.set('content-security-policy', PAGE_POLICY);
      ctx.set('cache-control', 'no-cache');
      ctx.vary('Accept');
      ctx.type = 'html';
      ctx.body = html;
    };
    router.get('/', (ctx, next) => {
      if (ctx.accepts('html') === false) return next();
      answer(ctx, start);
    });
    router.get('/events/:slug', (ctx) => {
      const { slug = '' } = ctx.params as { slug?: string };
      if (!eventNameForm.test(slug)) throw new Problem('not_found', 'There is no such event.');
      answer(ctx, page(slug));
    });
    const { temporalUiUrl = null, mailUrl = null } = devPages;
    const settings = JSON.stringify({ ...shopWindow, temporalUiUrl, mailUrl });
    router.get(config, (ctx) => {
      ctx.set('cache-control', 'no-cache');
      ctx.type = 'application/json';
      ctx.body = settings;
    });
  }
  router.get('/assets/:name', (ctx) => assets.serve(ctx, ctx.params.name ?? ''));
}
