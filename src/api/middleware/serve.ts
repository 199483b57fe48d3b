import type { Context } from 'koa';
import { z } from 'zod';
import { DeadlinePassed } from '../../db/database';
import { Problem, type FieldError } from '../problem';
import { networkOfRequest } from '../addresses';
import { refuseKeyInPage, type Cors } from '../cors';
import { WITHOUT_GATE, type Gate } from '../gate';
import { CODEC_PATHS } from '../routes/codec';
import { noteReservation } from '../request-log';
import type { Reply, Route } from '../route';
import { type Authenticator } from './authenticate';
import {
  mediaTypeOf,
  parseJson,
  readBytes,
  requireJson,
  withoutAbsent,
  withoutAbsentInLists,
} from './body';
import { leftMs } from './answer';
import type { RateLimits } from './rate-limit';

const BODY_LIMIT = 100_000;
const NO_BYTES = Buffer.alloc(0);
/** Created once, because a schema is compiled at its first use. */
const NOTHING = z.strictObject({});

const fieldErrors = (error: z.ZodError): FieldError[] =>
  error.issues.slice(0, 50).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.slice(0, 20).map((key) => ({
          path: [...issue.path, key].join('.'),
          message: 'is not a known field',
        }))
      : [{ path: issue.path.join('.'), message: issue.message }],
  );

function validate(schema: z.ZodType | undefined, value: unknown, what: string): unknown {
  if (!schema) return value;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = fieldErrors(result.error);
  const named = errors
    .slice(0, 3)
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  throw new Problem('validation_failed', `The ${what} cannot be used. ${named.join('; ')}.`, {
    errors,
  });
}

/**
 * The values of a query. A parameter that is given twice becomes a list, which no schema accepts.
 */
const queryOf = (ctx: Context): Record<string, unknown> => ({ ...ctx.query });

interface ReadBody {
  bytes: Buffer;
  /** Parsed; of a signed route what was signed. */
  rawBody: unknown;
  /** It has the route's other content type, and only bytes. */
  isOther: boolean;
}

/** @throws Problem, also when a signed route's body is not truly signed */
async function readBody(route: Route, ctx: Context): Promise<ReadBody> {
  const limit = route.bodyLimit ?? BODY_LIMIT;
  if (route.signed) {
    if (ctx.get('content-type') !== '') requireJson(ctx);
    const bytes = await readBytes(ctx, limit);
    return { bytes, rawBody: route.signed(bytes, ctx), isOther: false };
  }
  if (route.body && !route.bodyOptional) {
    const isOther = route.otherBody?.contentType === mediaTypeOf(ctx);
    if (!isOther) requireJson(ctx);
    const bytes = await readBytes(ctx, limit);
    const parsed = isOther ? undefined : parseJson(bytes);
    const rawBody = route.method === 'patch' ? withoutAbsentInLists(parsed) : withoutAbsent(parsed);
    return { bytes, rawBody, isOther };
  }
  if (!route.body && route.method !== 'post')
    return { bytes: NO_BYTES, rawBody: undefined, isOther: false };
  // It may come without one; a call that takes none may have the empty object that some clients send.
  const bytes = await readBytes(ctx, limit);
  if (bytes.length === 0) return { bytes, rawBody: route.body && {}, isOther: false };
  requireJson(ctx);
  return { bytes, rawBody: withoutAbsent(parseJson(bytes)), isOther: false };
}

interface ServeDeps {
  cors: Cors;
  authenticate: Authenticator;
  limits: RateLimits;
  gate: Gate;
  trustedProxies: number;
}

/**
 * Turns a route into Koa middleware: authentication, rate limit, validation, the wait for its turn,
 * then the handler.
 */
export function serve(
  route: Route,
  { cors, authenticate, limits, gate, trustedProxies }: ServeDeps,
) {
  const { access } = route;
  const keyed = access !== 'public' && access !== 'provider';

  return async (ctx: Context): Promise<void> => {
    cors.allow(ctx, access);
    // The Temporal UI's own origin asks the codec; see `allowTemporalPages`.
    if (!route.path.startsWith(CODEC_PATHS)) refuseKeyInPage(ctx);
    if (access === 'public' && !route.unlimited) await limits.address(ctx, 'reads');
    const { withoutDatabase = false, knowsKeys = false } = route;
    const caller = await authenticate(ctx, access, { withoutDatabase, knowsKeys });

    const params = validate(route.params, { ...(ctx.params as Record<string, string>) }, 'path');
    if (/^\/v1\/(test-helpers\/)?reservations\/\{id\}/.test(route.path))
      noteReservation(ctx, (ctx.params as Record<string, string>).id);
    const query = validate(route.query ?? NOTHING, queryOf(ctx), 'query');
    const { bytes, rawBody, isOther } = await readBody(route, ctx).catch(async (error: unknown) => {
      // What is truly signed is never refused for what others send from its address.
      if (route.signed && error instanceof Problem) await limits.address(ctx, 'webhooks');
      throw error;
    });
    let body: unknown;
    try {
      if (route.body)
        body = route.signed || isOther ? undefined : validate(route.body, rawBody, 'body');
      else if (rawBody !== undefined) validate(NOTHING, rawBody, 'body');
    } catch (error) {
      await route.onInvalid?.({ params, caller, ctx });
      throw error;
    }
    const request = { params, query, body, rawBody, bytes, caller, ctx };
    const kind = typeof route.kind === 'function' ? route.kind(body) : (route.kind ?? 'rest');
    if (kind === 'free') {
      send(ctx, await route.handle({ ...request, ...WITHOUT_GATE }));
      return;
    }
    const { pause, aside, leave } = keyed
      ? await gate.enter(kind, `key ${caller.client}`, caller.address)
      : await gate.enter(kind, networkOfRequest(ctx, trustedProxies));
    try {
      if (leftMs(ctx) <= 0) throw new DeadlinePassed();
      send(ctx, await route.handle({ ...request, pause, aside }));
    } finally {
      leave();
    }
  };
}

function send(ctx: Context, reply: Reply): void {
  ctx.status = reply.status;
  if (reply.headers) ctx.set(reply.headers);
  if (reply.body === undefined) {
    ctx.body = null;
    ctx.status = reply.status;
  } else if (reply.type !== undefined) {
    ctx.type = reply.type;
    ctx.body = reply.body;
  } else {
    ctx.type = 'application/json';
    ctx.body = JSON.stringify(reply.body);
  }
}
