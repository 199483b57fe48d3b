import type { Context } from 'koa';
import type { z } from 'zod';
import type { Role } from '../db/keys';
import type { ApiCaller } from './caller';
import type { Kind, Pass } from './gate';
import type { ProblemCode } from './problem';

/**
 * Who may call: anyone, a payment provider (by its signature), or keys with one of these roles. An
 * operator may call every route.
 */
export type Access = 'public' | 'provider' | readonly Role[];

/** Bytes of a body that lists seats. */
export const LARGE_BODY = 1_000_000;

export interface Reply {
  status: number;
  /** Sent as JSON, unless it is text or bytes with a `type`. */
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
}

export interface ResponseSpec {
  description: string;
  schema?: z.ZodType;
  /** Replaces the schema's own example. */
  example?: unknown;
  /** Of an answer that is not JSON. */
  contentType?: string;
  /** The same in another media type, which is text, for who asks for it by `Accept`. */
  alternative?: { contentType: string; example: string };
  /** Of a stream of server-sent events: the names of its events, and what the `data` of each is, as JSON. */
  events?: { names: readonly string[]; data: z.ZodType };
  headers?: Record<string, z.ZodType>;
  /**
   * The calls that come next, by operation id, each with its path parameters as runtime
   * expressions.
   */
  links?: Record<string, Record<string, string>>;
}

/** A request that has passed authentication, limits and validation. */
interface Request<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** The parsed body without members that count as absent, before validation adds defaults. */
  rawBody: unknown;
  /** As received. */
  bytes: Buffer;
  /** The owner of the API key; on a public route without one, a placeholder without rights. */
  caller: ApiCaller;
  ctx: Context;
  /** For a wait that takes no work: others are let in meanwhile. */
  pause: Pass['pause'];
  /** For work that needs a place of its own for parts of itself only, and none after it. */
  aside: Pass['aside'];
}

/**
 * One complete route. Koa serves it, its schemas validate, and the OpenAPI document is made from
 * it.
 */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  /** A body of `patch` is a JSON Merge Patch: null clears. */
  method: 'get' | 'post' | 'patch' | 'delete';
  /** With `{name}` for parameters, as in OpenAPI. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  access: Access;
  /** Of a public route that costs nothing: it answers however much comes from its address. */
  unlimited?: boolean;
  /** Of a public route: a key that is sent says who calls, and has to be a good one. */
  knowsKeys?: boolean;
  /** It answers without the database too, to a key that was valid when the database last answered. */
  withoutDatabase?: boolean;
  params?: Params;
  query?: Query;
  /** Header parameters, for the document; the route reads them itself. */
  headers?: Record<string, z.ZodType>;
  body?: Body;
  /** Named examples of the body, instead of the schema's own one. */
  bodyExamples?: Record<string, unknown>;
  /** The request may come without its body, which then is an empty object. */
  bodyOptional?: boolean;
  /** Another content type that the body may have; the handler reads its bytes, and its `body` is undefined then. */
  otherBody?: { contentType: string; example: string };
  /** Maximum size of the body in bytes; 100 kB by default, `LARGE_BODY` where seats are listed. */
  bodyLimit?: number;
  /**
   * Of a provider's route: checks the signature over the bytes of the body, which is not validated here.
   * @returns what was signed, as the handler's `rawBody`. @throws Problem when it is not truly signed
   */
  signed?: (bytes: Buffer, ctx: Context) => unknown;
  /** Whose turn it is where many wait; `free`: it shares its work with others, so it never waits. `rest` unless set. */
  kind?: Kind | 'free' | ((body: z.output<Body>) => Kind);
  responses: Record<number, ResponseSpec>;
  /** Problems that this route can answer beyond those of every route of its kind. */
  problems: readonly ProblemCode[];
  /** Called when the body does not validate, before the error is answered. */
  onInvalid?: (request: {
    params: z.output<Params>;
    caller: ApiCaller;
    ctx: Context;
  }) => Promise<void>;
  handle: (request: Request<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Reply>;
}

/**
 * Keeps the types of one route together while it is written. A list of routes no longer has them.
 */
export function defineRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
>(route: Route<Params, Query, Body>): Route {
  return route;
}
