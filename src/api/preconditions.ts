import type { Context } from 'koa';
import { z } from 'zod';
import { Problem } from './problem';

/** The `ETag` of a definition with a revision. */
export const etagOf = (revision: number): string => `"r${revision}"`;

/** The header parameter of a PATCH that needs it. */
export const ifMatchParameter = z
  .string()
  .meta({ description: 'The `ETag` of what you have changed', examples: [etagOf(1)] });

/** The header parameter of a GET that may be answered with 304. */
export const ifNoneMatchParameter = z
  .string()
  .optional()
  .meta({ description: 'The `ETag` of what you have' });

/** Whether the caller has what the tag stands for (RFC 9110, 13.1.2: by a weak comparison). */
export function isKnown(ctx: Context, etag: string): boolean {
  const known = ctx
    .get('if-none-match')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}

/** @throws Problem `precondition_failed`: somebody else has changed it */
export const changedSince = () =>
  new Problem(
    'precondition_failed',
    'It has changed since you read it: read it again, and send its ETag as If-Match.',
  );

/**
 * Holds a change to what the caller has read.
 * @throws Problem `precondition_required` without If-Match, `precondition_failed` with another ETag
 */
export function requireMatch(ctx: Context, etag: string): void {
  const given = ctx.get('if-match');
  if (given === '')
    throw new Problem(
      'precondition_required',
      'Send the ETag of what you have read as If-Match, so that no other change is lost.',
    );
  const tags = given.split(',').map((tag) => tag.trim());
  if (!tags.includes('*') && !tags.includes(etag)) throw changedSince();
}
