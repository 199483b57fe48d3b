import type { Context } from 'koa';
import { IDEMPOTENCY_KEY } from '../domain/idempotency-key';

/**
 * Notes which reservation a request is about, for its line in the log. What cannot be the id of a reservation, as a
 * sender's own text, is not noted.
 */
export function noteReservation(ctx: Context, id: unknown): void {
  if (typeof id === 'string' && IDEMPOTENCY_KEY.test(id)) ctx.state.reservation = id;
}

/** The reservation that a request is about, as far as that is known. */
export const reservationIn = (ctx: Context): string | undefined =>
  ctx.state.reservation as string | undefined;
