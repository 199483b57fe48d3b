import type Router from '@koa/router';
import type { DevPages } from '../home/page';
import type { Assets } from './assets';

/** What a page may do: run and show what this API serves, and call it. Nothing inline, nothing from elsewhere. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/**
 * The frame of a page, which has the style and the script of that name. Everything that is shown
 * comes from the scripts.
 */
const pageOf = (assets: Assets, name: string, scripts: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Holdfast</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assets.url(`${name}.css`)}">
${[...scripts, name].map((script) => `<script src="${assets.url(`${script}.js`)}" defer></script>`).join('\n')}
</head>
<body><noscript>This page needs JavaScript.</noscript></body>
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
    const page = pageOf(assets, 'shop', ['holdfast-map']);
    for (const path of ['/', '/events/:slug']) {
      router.get(path, (ctx, next) => {
        if (ctx.accepts('html') === false) return next();
        ctx.set('content-security-policy', PAGE_POLICY);
        ctx.set('cache-control', 'no-cache');
        ctx.vary('Accept');
        ctx.type = 'html';
        ctx.body = page;
      });
    }
    const { temporalUiUrl = null, mailUrl = null } = devPages;
    const config = JSON.stringify({ ...shopWindow, temporalUiUrl, mailUrl });
    router.get('/assets/config.json', (ctx) => {
      ctx.set('cache-control', 'no-cache');
      ctx.type = 'application/json';
      ctx.body = config;
    });
  }
  router.get('/assets/:name', (ctx) => assets.serve(ctx, ctx.params.name ?? ''));
}
