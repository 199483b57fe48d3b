import { hash } from 'node:crypto';

/**
 * 8 to 128 characters that mean nothing special in a URL, a shell or the Temporal UI; `:` is kept
 * for other workflows.
 */
export const IDEMPOTENCY_KEY = /^[A-Za-z0-9_.-]{8,128}$/;

export type ParsedKey = { kind: 'key'; key: string } | { kind: 'missing' } | { kind: 'invalid' };

/**
 * Reads an Idempotency-Key header: bare, or a quoted structured-field string (RFC 8941), which is unquoted.
 */
export function parseIdempotencyKey(header: string | undefined): ParsedKey {
  if (header === undefined || header.trim() === '') return { kind: 'missing' };
  const text = header.trim();
  const key =
    text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  return IDEMPOTENCY_KEY.test(key) ? { kind: 'key', key } : { kind: 'invalid' };
}

/**
 * JSON with the members of every object in one order, so that equal values give equal text. Arrays
 * keep their order.
 */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/**
 * What tells one request body from another, after parsing. The key goes in, so equal bodies do not
 * show as equal.
 */
export function fingerprintOf(key: string, body: unknown): Buffer {
  return hash('sha256', `${key}\n${canonicalJson(body)}`, 'buffer');
}
