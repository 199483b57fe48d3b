import type { Payload, PayloadCodec } from '@temporalio/common';
import type { Middleware } from 'koa';
import { z } from 'zod';
import { Problem } from '../../problem';
import { defineRoute } from '../../route';

const EXAMPLE = { metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'Mg==' };

const base64 = z
  .string()
  .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'is not base64');

/**
 * As Temporal's pages and command line send and expect them: bytes as base64. What a later Temporal
 * says beside is not for us.
 * @param id of requests or answers
 */
const payloadsSchema = (id: string) =>
  z
    .looseObject({
      payloads: z
        .array(
          z
            .looseObject({
              metadata: z.record(z.string(), base64).optional(),
              data: base64.optional(),
            })
            .meta({ id: `${id}Payload`, examples: [EXAMPLE] }),
        )
        .max(10_000)
        .default([]),
    })
    .meta({ id, examples: [{ payloads: [EXAMPLE] }] });
const given = payloadsSchema('CodecRequest');
const made = payloadsSchema('CodecAnswer');
type Told = z.output<typeof given>['payloads'][number];

/** More than Temporal takes in one answer. */
const BODY_LIMIT = 8_000_000;
const bytes = (text: string) => Buffer.from(text, 'base64');

const read = ({ metadata = {}, data }: Told): Payload => ({
  metadata: Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, bytes(text)])),
  ...(data !== undefined && { data: bytes(data) }),
});
const write = ({ metadata, data }: Payload): Told => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [
      name,
      Buffer.from(value).toString('base64'),
    ]),
  ),
  ...(data && { data: Buffer.from(data).toString('base64') }),
});

export interface CodecRouteDeps {
  /** null: payloads are in clear, and pass as they are. */
  payloadCodec: PayloadCodec | null;
}

/** Where all its paths begin. */
export const CODEC_PATHS = '/codec/';
const PATHS = { decode: '/codec/decode', encode: '/codec/encode' } as const;

/** Encrypts and decrypts payloads for Temporal's pages and its command line: a codec server, as Temporal calls it. */
export function codecRoutes({ payloadCodec: codec }: CodecRouteDeps) {
  const route = (verb: keyof typeof PATHS, summary: string) =>
    defineRoute({
      method: 'post',
      path: PATHS[verb],
      operationId: `${verb}Payloads`,
      tag: 'Health',
      summary,
      description:
        "Temporal's protocol for codec servers: `temporal --codec-endpoint https://API/codec --codec-auth 'Bearer KEY'`. Without `PAYLOAD_ENCRYPTION_KEY` payloads are returned as they are.",
      access: ['operator'],
      kind: 'free',
      body: given,
      bodyLimit: BODY_LIMIT,
      responses: { 200: { description: 'The same payloads', schema: made } },
      problems: ['malformed_request', 'validation_failed'],
      async handle({ body }) {
        const payloads = body.payloads.map(read);
        try {
          const results = codec === null ? payloads : await codec[verb](payloads);
          return { status: 200, body: { payloads: results.map(write) } };
        } catch (error) {
          // Another key's, or not whole.
          throw new Problem(
            'validation_failed',
            `This cannot be read: ${(error as Error).message}.`,
            {
              errors: [{ path: 'payloads', message: (error as Error).message }],
            },
          );
        }
      },
    });
  return [
    route('decode', "Decrypts payloads, for Temporal's pages and command line"),
    route('encode', "Encrypts payloads, for Temporal's pages and command line"),
  ];
}

/** Lets Temporal's pages, and no others, call the codec from a browser. @param uiUrl undefined: no page may */
export function allowTemporalPages(uiUrl: string | undefined): Middleware {
  const origin = uiUrl === undefined ? undefined : new URL(uiUrl).origin;
  return async (ctx, next) => {
    if (origin === undefined || !ctx.path.startsWith(CODEC_PATHS)) {
      await next();
      return;
    }
    ctx.vary('Origin');
    if (ctx.get('origin') === origin) {
      ctx.set('access-control-allow-origin', origin);
      ctx.set('cross-origin-resource-policy', 'cross-origin');
    }
    const isQuestion = ctx.method === 'OPTIONS' && ctx.get('access-control-request-method') !== '';
    if (!isQuestion) {
      await next();
      return;
    }
    ctx.set('access-control-allow-methods', 'POST');
    ctx.set('access-control-allow-headers', 'Authorization, Content-Type, X-Namespace');
    ctx.set('access-control-max-age', '600');
    ctx.status = 204;
  };
}
