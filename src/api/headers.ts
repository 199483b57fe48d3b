import { z } from 'zod';

/** Response headers, as the OpenAPI document shows them. */

const REQUEST_ID_FORM = '8 to 64 characters of `A-Z a-z 0-9 _ . -`';

export const requestIdHeader = z.string().meta({
  description: `The request's id, as in the logs: the one that the request gave, if it was ${REQUEST_ID_FORM}, else a new UUID`,
  examples: ['9b2f6f0e-6a55-4c9e-a5a1-3f0c3a0f2d11'],
});

export const requestIdParameter = z
  .string()
  .optional()
  .meta({
    description: `Your own id of this request, ${REQUEST_ID_FORM}; any other value is replaced`,
  });

export const retryAfterHeader = z
  .int()
  .min(1)
  .max(86_400)
  .meta({ description: 'Seconds to wait before the next try', examples: [2] });

export const rateLimitPolicyHeader = z.string().meta({
  description:
    'Each limit that counts the request, `q` in `w` seconds (draft-ietf-httpapi-ratelimit-headers): `key` for a client, the others for an address. Absent with `RATE_LIMIT=off`',
  examples: ['"key";q=6000;w=60'],
});

export const rateLimitHeader = z.string().meta({
  description:
    'Of each of these limits what is left (`r`), and in how many seconds it is full again (`t`)',
  examples: ['"key";r=5987;t=42'],
});

export const reservationTokenParameter = z
  .string()
  .optional()
  .meta({ description: 'With a publishable key: the `token` of the reservation' });

export const allowHeader = z
  .string()
  .meta({ description: 'The methods that the path has', examples: ['GET, HEAD'] });

export const authenticateHeader = z
  .string()
  .meta({ description: 'RFC 6750', examples: ['Bearer realm="holdfast"'] });

/** @param what the resource that the path leads to */
export const locationHeader = (what: string, example: string) =>
  z.string().meta({ description: `The path of ${what}`, examples: [example] });

export const etagHeader = z.string().meta({
  description: 'Of this representation: send it back as `If-None-Match`',
  examples: ['"k3Qb0x"'],
});

export const revisionHeader = z.string().meta({
  description: 'Of what was defined, not of what was sold: send it back as `If-Match` to change it',
  examples: ['"r1"'],
});
