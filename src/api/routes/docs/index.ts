import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type Router from '@koa/router';
import { ownMember } from '../../../domain/own-member';
import { allowEverybody } from '../../cors';
import { createOpenApi } from '../../openapi';
import { Problem } from '../../problem';
import type { Route } from '../../route';
import { describeForModels } from './llms';

const swaggerFolder = dirname(require.resolve('swagger-ui-dist/package.json'));
const redocBundle = join(
  dirname(require.resolve('redoc/package.json')),
  'bundles/redoc.standalone.js',
);

const ASSETS: Record<string, { file: string; type: string }> = {
  'swagger-ui.css': { file: join(swaggerFolder, 'swagger-ui.css'), type: 'text/css' },
  'swagger-ui-bundle.js': {
    file: join(swaggerFolder, 'swagger-ui-bundle.js'),
    type: 'text/javascript',
  },
  'favicon-32x32.png': { file: join(swaggerFolder, 'favicon-32x32.png'), type: 'image/png' },
  'redoc.standalone.js': { file: redocBundle, type: 'text/javascript' },
  'start-swagger.js': { file: join(__dirname, 'start-swagger.js.txt'), type: 'text/javascript' },
};

/** These pages run our own scripts and call this API; nothing is loaded from elsewhere. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; worker-src blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

const html = (title: string, head: string, body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>` +
  `<link rel="icon" href="/api/assets/favicon-32x32.png">${head}</head><body style="margin:0">${body}</body></html>`;

const PAGES: Record<string, string> = {
  '/api/docs/': html(
    'Holdfast API',
    '<link rel="stylesheet" href="/api/assets/swagger-ui.css">',
    '<div id="swagger-ui"></div><script src="/api/assets/swagger-ui-bundle.js"></script><script src="/api/assets/start-swagger.js"></script>',
  ),
  '/api/redoc/': html(
    'Holdfast API reference',
    '',
    '<redoc spec-url="/openapi.json" disable-search="true"></redoc><script src="/api/assets/redoc.standalone.js"></script>',
  ),
};

/**
 * The OpenAPI document, Swagger UI, ReDoc and `/llms.txt`. All assets come from npm packages; there is
 * no CDN.
 */
export function mountDocs(router: Router, routes: readonly Route[]): void {
  // Bytes that all answers share.
  const documents = {
    '/openapi.json': ['application/json', JSON.stringify(createOpenApi(routes))],
    '/llms.txt': ['text/plain; charset=utf-8', describeForModels(routes)],
  } as const;
  const assets = new Map<string, Promise<Buffer>>();
  for (const [path, [type, text]] of Object.entries(documents)) {
    const bytes = Buffer.from(text);
    router.get(path, (ctx) => {
      allowEverybody(ctx);
      ctx.type = type;
      ctx.set('cache-control', 'no-cache');
      ctx.body = bytes;
    });
  }
  for (const [path, page] of Object.entries(PAGES)) {
    router.get(path, (ctx) => {
      ctx.set('content-security-policy', PAGE_POLICY);
      ctx.set('cache-control', 'no-cache');
      ctx.type = 'html';
      ctx.body = page;
    });
    // Registered after the page, because this path also matches with a trailing slash.
    router.get(path.slice(0, -1), (ctx) => ctx.redirect(path));
  }
  router.get('/api/assets/:name', async (ctx) => {
    const name = ctx.params.name ?? '';
    const asset = ownMember(ASSETS, name);
    if (!asset) throw new Problem('not_found', 'There is no such asset.');
    ctx.type = asset.type;
    ctx.set('cache-control', 'public, max-age=3600');
    if (!assets.has(name)) assets.set(name, readFile(asset.file));
    ctx.body = await assets.get(name);
  });
}
