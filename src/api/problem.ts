/**
 * Every error code of the API with its status and title. Code and status are stable; they follow
 * RFC 9457.
 */
export const PROBLEMS = {
  malformed_request: [400, 'The request is malformed'],
  idempotency_key_missing: [400, 'An Idempotency-Key header is needed'],
  idempotency_key_invalid: [400, 'The Idempotency-Key is malformed'],
  signature_invalid: [400, 'The webhook signature is invalid'],
  unauthorized: [401, 'A valid API key is needed'],
  forbidden: [403, 'This key has no permission for that'],
  key_of_another_event: [403, 'This key is for another event'],
  key_not_for_browsers: [403, 'This key must not be in a page'],
  cross_site_request: [403, 'The request comes from another site'],
  sale_not_open: [403, 'The sale is not open'],
  sale_paused: [403, 'The sale is paused'],
  limit_exceeded: [403, 'A limit is exceeded'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  request_timeout: [408, 'The request did not arrive in time'],
  seats_unavailable: [409, 'Seats are not available'],
  reservation_not_confirmed: [409, 'The reservation is not confirmed'],
  reservation_expired: [409, 'The reservation has expired'],
  reservation_cancelled: [409, 'The reservation is cancelled'],
  reservation_confirmed: [409, 'The reservation is confirmed already'],
  code_used_up: [409, 'Every use of the code is taken'],
  payment_in_progress: [409, 'A payment is being settled'],
  change_open: [409, 'There is an open quote already'],
  change_ended: [409, 'The change has ended'],
  cancel_accepted: [409, 'Another cancel was accepted'],
  extension_limit: [409, 'The hold cannot be extended further'],
  tickets_not_ready: [409, 'The tickets are not ready yet'],
  buyer_erased: [409, 'The buyer was erased'],
  already_checked_in: [409, 'This ticket has been used'],
  not_checked_in: [409, 'This ticket has not been used'],
  ticket_void: [409, 'This ticket is void'],
  refund_not_by_hand: [409, 'This refund is not marked by hand'],
  wrong_event: [409, 'This ticket is for another event'],
  scan_undone: [409, 'The entry of this scan was undone'],
  slug_taken: [409, 'An event has this slug already'],
  code_taken: [409, 'There is this code already'],
  holds_outlast_start: [409, 'Seats are held beyond that start'],
  code_in_use: [409, 'The code is used more often than that'],
  orphan_seat: [409, 'A seat would be left alone'],
  allotment_ended: [409, 'The allotment has ended'],
  webhooks_not_set_up: [409, 'Webhooks are not set up'],
  feed_truncated: [410, 'The feed is not kept for so long'],
  feed_reset: [410, 'The feed was reset'],
  precondition_failed: [412, 'It has changed since you read it'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],
  validation_failed: [422, 'The request does not validate'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used for another request'],
  scan_id_reused: [422, 'The scanId was used for another code'],
  companion_alone: [422, 'A companion place goes with an accessible one'],
  buyer_required: [422, 'A buyer is needed'],
  code_invalid: [422, 'The code is not valid'],
  refund_exceeds_payment: [422, 'The refund exceeds the payment'],
  payment_mismatch: [422, 'The payment does not match the reservation'],
  precondition_required: [428, 'An If-Match header is needed'],
  rate_limited: [429, 'Too many requests'],
  headers_too_large: [431, 'The headers are too large'],
  internal: [500, 'Something went wrong on our side'],
  temporarily_unavailable: [503, 'Temporarily unavailable'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface FieldError {
  path: string;
  message: string;
}

interface ProblemExtras {
  errors?: FieldError[];
  /** Further members of the problem document. */
  members?: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** Thrown anywhere in a request, it becomes the answer. `detail` says what was wrong and what to do. */
export class Problem extends Error {
  readonly status: number;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly extras: ProblemExtras = {},
  ) {
    // A problem is an answer, not a fault. Nobody reads its stack, and recording one costs as much
    // as finding that a seat is taken.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${code}: ${detail}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.status = PROBLEMS[code][0];
  }

  toDocument(requestId: string): Record<string, unknown> {
    return {
      type: `urn:holdfast:problem:${this.code}`,
      title: PROBLEMS[this.code][1],
      status: this.status,
      code: this.code,
      detail: this.detail,
      instance: `urn:holdfast:request:${requestId}`,
      ...(this.extras.errors && { errors: this.extras.errors }),
      ...this.extras.members,
    };
  }
}
