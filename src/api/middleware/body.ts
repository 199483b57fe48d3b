import { TextDecoder } from 'node:util';
import type { Context } from 'koa';
import readRaw from 'raw-body';
import { Problem } from '../problem';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const MAX_DEPTH = 32;

/** Reads a body, up to a limit of bytes. */
export async function readBytes(ctx: Context, limit: number): Promise<Buffer> {
  if ((ctx.get('content-encoding') || 'identity') !== 'identity') {
    throw new Problem('unsupported_media_type', 'Send the body without a content encoding.');
  }
  try {
    return await readRaw(ctx.req, { limit, length: ctx.req.headers['content-length'] ?? null });
  } catch (error) {
    const { type } = error as { type?: string };
    if (type === 'entity.too.large') {
      // The rest of the body is read and dropped, within the time limit of the request. If the
      // connection were closed while the client is still sending, the client would lose the answer.
      ctx.req.resume();
      throw new Problem('body_too_large', `The body may have ${limit} bytes at most.`);
    }
    throw new Problem('malformed_request', 'The body is incomplete: the connection ended early.', {
      headers: { connection: 'close' },
    });
  }
}

const MERGE_PATCH = 'application/merge-patch+json';

/** The content type of a request, without parameters. */
export const mediaTypeOf = (ctx: Context): string =>
  ctx.get('content-type').split(';')[0]!.trim().toLowerCase();

/** Refuses a body whose content type is not JSON; of a PATCH it may say that it is a merge patch. */
export function requireJson(ctx: Context): void {
  const type = mediaTypeOf(ctx);
  if (type !== 'application/json' && !(ctx.method === 'PATCH' && type === MERGE_PATCH)) {
    throw new Problem(
      'unsupported_media_type',
      'Send JSON, with the header Content-Type: application/json.',
    );
  }
}

/**
 * Measures nesting by counting brackets outside of strings. This is cheaper than parsing until the
 * stack overflows.
 */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text.charCodeAt(index);
    if (quoted) {
      if (char === 0x5c) index++;
      else if (char === 0x22) quoted = false;
    } else if (char === 0x22) quoted = true;
    else if (char === 0x7b || char === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (char === 0x7d || char === 0x5d) depth--;
  }
  return deepest;
}

/** Parses JSON in UTF-8. */
export function parseJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Problem('malformed_request', 'The body is not valid UTF-8.');
  }
  if (depthOf(text) > MAX_DEPTH) {
    throw new Problem(
      'malformed_request',
      `The body is nested more than ${MAX_DEPTH} levels deep.`,
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Problem(
      'malformed_request',
      `The body is not valid JSON: ${(error as Error).message}`,
    );
  }
}

/**
 * Removes members that count as absent from a parsed body: null, and an empty list. Entries of
 * lists are kept, because their position has a meaning.
 */
export function withoutAbsent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && !(Array.isArray(member) && member.length === 0))
      .map(([name, member]) => [name, withoutAbsent(member)]),
  );
}

/**
 * The same of a merge patch, where null clears a member and an empty list replaces a list: only what
 * stands in a list, which is replaced whole, loses its absent members.
 */
export function withoutAbsentInLists(value: unknown): unknown {
  if (Array.isArray(value)) return withoutAbsent(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withoutAbsentInLists(member)]),
  );
}
