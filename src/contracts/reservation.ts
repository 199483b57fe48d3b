import type { Money } from '../domain/money';
import type { PaymentStatus, RefundStatus, ReservationStatus } from '../domain/settlement';

/**
 * Task queues. Each kind of work has its own, so that a slow mail server or browser does not delay
 * other work.
 */
export const TASK_QUEUES = {
  reservations: 'reservations',
  refunds: 'refunds',
  documents: 'documents',
  mail: 'mail',
  webhooks: 'webhooks',
} as const;

/** Workflow types. A reservation's id is its idempotency key; every other workflow has a `:` in its id. */
export const WORKFLOWS = {
  reservation: 'reservation',
  settlement: 'settlement',
  refundOrder: 'refundOrder',
  /** As release 1.0 starts it, by a payment's reference. */
  refund: 'refund',
  resend: 'resend',
  print: 'print',
  mail: 'mail',
  webhookEndpoint: 'webhookEndpoint',
  change: 'change',
  housekeeping: 'housekeeping',
} as const;

export const settlementWorkflowId = (reservationId: string) => `settle:${reservationId}`;
/** @param id a refund's id; as release 1.0 orders one, a payment's number */
export const refundWorkflowId = (id: string) => `refund:${id}`;
/** @param mailId the number of the mail with the tickets */
export const resendWorkflowId = (mailId: string) => `resend:${mailId}`;
/** @param printId of the reservation's prints, after the first */
export const printWorkflowId = (printId: string) => `print:${printId}`;
export const mailWorkflowId = (mailId: string) => `mail:${mailId}`;
export const webhookWorkflowId = (endpointId: string) => `webhooks:${endpointId}`;
export const changeWorkflowId = (changeId: string) => `change:${changeId}`;
export const HOUSEKEEPING_SCHEDULE_ID = 'holdfast:housekeeping';

/**
 * `ring` says that the inbox has something new, and of ours why (`Ring`). An operator sends the other two by hand.
 */
export const SIGNALS = {
  ring: 'ring',
  paymentConfirmed: 'paymentConfirmed',
  cancel: 'cancel',
} as const;
export const STATE_QUERY = 'state';

/** What `ring` brings: why, in words for an operator; without personal data. A ring by hand brings nothing. */
export interface Ring {
  why: string;
}

/** `event`: the event, or the first of several; `events`: all. They are on each workflow whose reservation exists. */
export const SEARCH_ATTRIBUTES = {
  status: 'ReservationStatus',
  event: 'EventSlug',
  events: 'EventSlugs',
  reservation: 'ReservationId',
  webhook: 'WebhookStatus',
} as const;
type SearchAttributeName = (typeof SEARCH_ATTRIBUTES)[keyof typeof SEARCH_ATTRIBUTES];
export const SEARCH_ATTRIBUTE_TYPES: Record<SearchAttributeName, 'Keyword' | 'KeywordList'> = {
  ReservationStatus: 'Keyword',
  EventSlug: 'Keyword',
  EventSlugs: 'KeywordList',
  ReservationId: 'Keyword',
  WebhookStatus: 'Keyword',
};
/** The types as Temporal's calls count them (temporal.api.enums.v1.IndexedValueType). */
const INDEXED_VALUE_TYPES = { Keyword: 2, KeywordList: 7 } as const;
/** For calls that make search attributes: their types by name. */
export const indexedTypesOf = (names: readonly SearchAttributeName[]): Record<string, number> =>
  Object.fromEntries(
    names.map((name) => [name, INDEXED_VALUE_TYPES[SEARCH_ATTRIBUTE_TYPES[name]]]),
  );

/** The longest summary of a workflow, an activity or a timer, in bytes: Temporal refuses longer ones. */
export const SUMMARY_BYTES = 200;

/**
 * `shortTries`: the workflow tries its steps inside the workflow task first. The relay sets it on each
 * workflow that it starts: a patch would say the same with two events more. A workflow that is started
 * by hand records the patch.
 */
export interface StartedByRelay {
  shortTries?: true;
}

/**
 * The input of a reservation's workflow. The relay adds the event and the seats for an operator who
 * reads the input. A workflow that is started by hand has no hold yet and takes these seats itself.
 */
export interface ReservationInput extends StartedByRelay {
  event: string;
  seats: string[];
}

/** The input of `print`. */
export interface ReservationRef {
  reservationId: string;
}

export interface SettlementInput extends ReservationRef, StartedByRelay {}

export interface ResendInput extends ReservationRef {
  sequence: number;
}

export interface RefundInput {
  reference: string;
}

/** A mail that is owed, by its number in the database. */
export interface MailInput {
  mailId: string;
}

export interface RefundOrderInput {
  refundId: string;
}

export interface WebhookInput {
  endpointId: string;
}

/** Where the deliveries to a webhook endpoint stand: the result of an activity and of the `state` query. */
export interface WebhookState {
  endpoint: string;
  /** `deleted` also of one that never was. */
  status: 'enabled' | 'disabled' | 'deleted';
  client: string;
  /** Of its URL. */
  host: string;
  /** The number of the feed's entry up to which all was taken up. */
  position: number;
  /** Deliveries that wait, and those of them that were tried. */
  waiting: number;
  failing: number;
  lastSuccessAt: string | null;
  failingSince: string | null;
  /** Of the delivery that was tried last of those that fail. */
  lastError: string | null;
  /** Milliseconds until something is due by itself; 0: go on now; null: nothing is. */
  waitMs: number | null;
}

export interface ChangeInput {
  changeId: string;
}

/** Where a change stands, for its workflow. Seats by their labels. */
export interface ChangeProgress {
  reservation: string;
  status: 'applied' | 'quoted' | 'expired' | 'withdrawn';
  /** Milliseconds until the quote ends, by the database's clock; 0 when it has ended. */
  endsInMs: number;
  due: { amount: number; currency: string } | null;
  refund: { amount: number; currency: string } | null;
  release: string[];
  take: string[];
}

/** Where a refund stands, for its workflow. */
export interface RefundProgress {
  /** The payment's reference. */
  payment: string;
  reservation: string;
  /** Minor units. */
  amount: { amount: number; currency: string };
  status: RefundStatus;
  /** Who gives it back; see `refunds` in the migrations. */
  by: string;
  reason: string;
  /** Why it does not go through, or has failed. */
  error: string | null;
}

/** A payment that an operator signals by hand. Amount in minor units. */
export interface PaymentSignal {
  reference: string;
  amount: number;
  currency: string;
}

/**
 * A message that an operator signalled by hand. It is written into the database's inbox before it
 * has any effect.
 */
export type SignalledMessage = { kind: 'payment'; payment: PaymentSignal } | { kind: 'cancel' };

/** What became of such a message: `recorded`, or why it changes nothing. */
export interface KeptMessage {
  kind: string;
  /** The owner of a reference that belongs to another reservation. */
  reservation?: string;
}

/**
 * The reservation as the API shows it, without the buyer: the result of activities and of the
 * `state` query.
 */
export interface ReservationState {
  id: string;
  status: ReservationStatus;
  /** null for an order of several events. */
  event: string | null;
  /** What histories of release 1.0 have is `label`, `category` and `price`. */
  seats: {
    event?: string;
    label: string;
    category: string;
    priceType?: string;
    listPrice?: Money;
    discount?: Money;
    price: Money;
  }[];
  total: Money;
  /** From here to `updatedAt`, without `expiresAt` and `createdAt`: not in histories of release 1.0. */
  fees?: { event: string; code: string; amount: Money }[];
  taxes?: { event: string; percent: string; included: boolean; amount: Money }[];
  amounts?: Record<
    'tickets' | 'discount' | 'fees' | 'tax' | 'total' | 'paid' | 'refunded' | 'retained',
    Money
  > & { taxIncluded: boolean };
  /** The promo code. */
  code?: string | null;
  revision?: number;
  updatedAt?: string;
  expiresAt: string;
  createdAt: string;
  payment: {
    reference: string;
    amount: number;
    currency: string;
    status: PaymentStatus;
  } | null;
  /** All that was paid for it, oldest first. Not in histories of release 1.0. */
  payments?: {
    reference: string;
    amount: { amount: number; currency: string };
    refunded: { amount: number; currency: string };
    status: PaymentStatus | 'unmatched';
    provenBy: string | null;
    capturedBy: string;
    receivedAt: string;
  }[];
  /**
   * Oldest first. To Temporal an operator's own words do not go: there `reason` is a code. Not in histories of
   * release 1.0.
   */
  refunds?: {
    id: string;
    payment: string;
    amount: { amount: number; currency: string };
    status: RefundStatus;
    by: string;
    reason: string;
    error: string | null;
    createdAt: string;
    succeededAt: string | null;
  }[];
  /** When a cancel of it was accepted. Not in histories of release 1.0. */
  cancelRequestedAt?: string | null;
}

/** The slugs of a reservation's events, in its order. */
export const eventsOf = ({ event, seats }: Pick<ReservationState, 'event' | 'seats'>): string[] =>
  event === null ? [...new Set(seats.flatMap((seat) => seat.event ?? []))] : [event];

/** Its seats in words, event by event. */
export function seatsInWords(state: Pick<ReservationState, 'event' | 'seats'>): string {
  return eventsOf(state)
    .map((slug) => {
      const labels = state.seats
        .filter((seat) => state.event !== null || seat.event === slug)
        .map(({ label }) => label);
      return `${slug} · ${labels.join(', ')}`;
    })
    .join(' · ');
}

/**
 * The result of the first activity when the seats are not available. It only occurs for a workflow
 * that was started by hand.
 */
export interface Refused {
  refused: string;
}

/** The state after an activity has changed a reservation. */
export interface Progress {
  state: ReservationState;
  /**
   * What happened in this step, oldest first, in words for the operator. Histories that release 1.0
   * wrote contain this name, and its workers read it while they run beside ours.
   */
  story: string[];
  /** The inbox has a payment that arrived in time; the hold does not end before it is decided. */
  paid: boolean;
  /** The inbox has something that is not handled yet. */
  inboxWaiting: boolean;
  /** The buyer has not received all tickets or mails about them. */
  deliveryDue: boolean;
  /**
   * Milliseconds until the hold ends, by the database's clock; 0 when it has ended or there is no
   * hold.
   */
  holdEndsInMs: number;
}
