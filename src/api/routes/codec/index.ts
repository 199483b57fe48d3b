import type Router from '@koa/router';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { Problem } from '../../problem';
import { defineRoute } from '../../route';

const EXAMPLE = { metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'Mg==' };

/** As Temporal's pages and command line send and expect them: bytes as base64. @param id of requests or answers */
const payloadsSchema = (id: string) =>
  z
    .object({
      payloads: z
        .array(
          z
            .object({
              metadata: z.record(z.string(), z.base64()).optional(),
              data: z.base64().optional(),
            })
            .meta({ id: `${id}Payload`, examples: [EXAMPLE] }),
        )
        .max(10_000),
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
export function allowTemporalPages(router: Router, uiUrl: string | undefined): void {
  if (uiUrl === undefined) return;
  const { origin } = new URL(uiUrl);
  router.use([...Object.values(PATHS)], async (ctx, next) => {
    ctx.vary('Origin');
    if (ctx.get('origin') === origin) {
      ctx.set('access-control-allow-origin', origin);
      ctx.set('cross-origin-resource-policy', 'cross-origin');
    }
    await next();
  });
  router.options([...Object.values(PATHS)], (ctx) => {
    ctx.set('access-control-allow-methods', 'POST');
    ctx.set('access-control-allow-headers', 'Authorization, Content-Type, X-Namespace');
    ctx.set('access-control-max-age', '600');
    ctx.status = 204;
    ctx.body = '';
  });
}
