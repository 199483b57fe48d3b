export {
  Holdfast,
  type CallOptions,
  type FeedPage,
  type HoldfastOptions,
  type NewReservation,
  type Reservation,
  type SeatsEvent,
  type Ticket,
} from './client.ts';
export { type KeyStore } from './keys.ts';
export { type components, type operations, type paths } from './openapi.ts';
export {
  HoldfastError,
  isHoldfastError,
  type AnyHoldfastError,
  type ErrorCode,
  type Problem,
  type ProblemCode,
} from './problems.ts';
export { verifyWebhook, WebhookError, type WebhookEvent } from './webhooks.ts';
