import type { Context } from 'koa';
import type { z } from 'zod';
import type { Caller, Role } from '../db/keys';
import type { Kind, Pass } from './gate';
import type { ProblemCode } from './problem';

/** Who may call: anybody, a payment provider (by signature), or keys of these roles (an operator may do all). */
export type Access = 'public' | 'provider' | readonly Role[];

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
  /** Instead of the schema's own example. */
  example?: unknown;
  /** Of an answer that is not JSON. */
  contentType?: string;
  headers?: Record<string, z.ZodType>;
  /** What to call next: its operation id, and where in this exchange its path parameters are (runtime expressions). */
  links?: Record<string, Record<string, string>>;
}

/** A request that has passed authentication, limits and validation. */
interface Request<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** As parsed, without what counts as absent, before validation gave it defaults. */
  rawBody: unknown;
  /** As it came, for signatures. */
  bytes: Buffer;
  /** The one behind the key; a made-up one without rights where the route is public. */
  caller: Caller;
  ctx: Context;
  /** For a wait that takes no work: others are let in meanwhile. */
  pause: Pass['pause'];
}

/** A route, whole: what Koa serves, what validates, and what the OpenAPI document says are this one object. */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  method: 'get' | 'post';
  /** With `{name}` for parameters, as in OpenAPI. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  access: Access;
  params?: Params;
  query?: Query;
  /** Header parameters, for the document; the route reads them itself. */
  headers?: Record<string, z.ZodType>;
  body?: Body;
  /** Named examples of the body, instead of the schema's own one. */
  bodyExamples?: Record<string, unknown>;
  /** The body's bytes at most; 100 kB unless set. */
  bodyLimit?: number;
  /** The body is not validated here: its signature is, over its bytes. */
  signed?: boolean;
  /** Whose turn it is where many wait; `free`: it shares its work with others, so it never waits. `rest` unless set. */
  kind?: Kind | 'free' | ((body: z.output<Body>) => Kind);
  responses: Record<number, ResponseSpec>;
  /** Problems beyond those of every such route. */
  problems: readonly ProblemCode[];
  /** Called when the body does not validate, before that is answered. */
  onInvalid?: (request: { caller: Caller; ctx: Context }) => Promise<void>;
  handle: (request: Request<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Reply>;
}

/** Keeps the types of one route together while it is written; a list of routes forgets them. */
export function defineRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
>(route: Route<Params, Query, Body>): Route {
  return route;
}
