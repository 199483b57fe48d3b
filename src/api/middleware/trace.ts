import { SpanStatusCode } from '@opentelemetry/api';
import type { Context, Next } from 'koa';
import { inRequestSpan } from '../../spans';
import { PROBES } from './answer';
import { reservationIn } from '../request-log';

type RequestHeaders = Context['headers'];
const GETTER = {
  keys: (headers: RequestHeaders) => Object.keys(headers),
  get: (headers: RequestHeaders, name: string) => headers[name],
};

/**
 * Makes each request a part of its caller's trace. The span names route and reservation, never path
 * or query.
 */
export function trace() {
  return async (ctx: Context, next: Next): Promise<void> => {
    if (PROBES.has(ctx.path)) {
      await next();
      return;
    }
    await inRequestSpan(ctx.headers, GETTER, async (span) => {
      await next();
      const route = typeof ctx._matchedRoute === 'string' ? ctx._matchedRoute : 'none';
      span.updateName(`${ctx.method} ${route}`);
      const reservation = reservationIn(ctx);
      span.setAttributes({
        'http.request.method': ctx.method,
        'http.route': route,
        'http.response.status_code': ctx.status,
        ...(reservation !== undefined && { 'holdfast.reservation': reservation }),
      });
      if (ctx.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    });
  };
}
