import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Context } from 'koa';
import { Problem } from '../../problem';

const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const BEST_COMPRESSION = 9;

interface Asset {
  type: string;
  hash: string;
  bytes: Buffer;
  gzipped: Buffer;
}

/** The scripts and styles of the pages, as the build made them. */
export interface Assets {
  /** The address of an asset, which changes with its content. */
  url(name: string): string;
  /** Answers a request for an asset. @throws Problem when there is no such asset */
  serve(ctx: Context, name: string): void;
}

function readAssets(folder: string): Map<string, Asset> {
  return new Map(
    readdirSync(folder).flatMap((name) => {
      const type = TYPES[extname(name)];
      if (type === undefined) return [];
      const bytes = readFileSync(join(folder, name));
      const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 16);
      return [[name, { type, hash, bytes, gzipped: gzipSync(bytes, { level: BEST_COMPRESSION }) }]];
    }),
  );
}

/** Reads all assets of a folder once. They are public: any page of any site may load them. */
export function createAssets(folder: string): Assets {
  const assets = readAssets(folder);
  const find = (name: string): Asset => {
    const asset = assets.get(name);
    if (!asset) throw new Problem('not_found', 'There is no such asset.');
    return asset;
  };
  return {
    url: (name) => `/assets/${name}?v=${find(name).hash}`,
    serve(ctx, name) {
      const { type, hash, bytes, gzipped } = find(name);
      ctx.set('access-control-allow-origin', '*');
      ctx.set('cross-origin-resource-policy', 'cross-origin');
      ctx.set('etag', `"${hash}"`);
      ctx.vary('Accept-Encoding');
      // The address of a page's own asset names its content; others ask each time whether it is the same.
      ctx.set(
        'cache-control',
        ctx.query.v === hash ? 'public, max-age=31536000, immutable' : 'public, no-cache',
      );
      ctx.type = type;
      ctx.status = 200;
      // Whatever the request says of caches: it is the same.
      if (ctx.get('if-none-match').includes(`"${hash}"`)) {
        ctx.status = 304;
        return;
      }
      const packed = ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
      if (packed) ctx.set('content-encoding', 'gzip');
      ctx.body = packed ? gzipped : bytes;
    },
  };
}
