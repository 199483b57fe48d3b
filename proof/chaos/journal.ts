import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';

export interface Money {
  amount: number;
  currency: string;
}

export interface SeatName {
  event: string;
  label: string;
}

/** A reservation as the API shows it: the fields that the load reads. */
export interface Reservation {
  id: string;
  status: 'held' | 'confirmed' | 'expired' | 'cancelled';
  /** null: of several. */
  event: string | null;
  seats: (SeatName & { listPrice: Money; price: Money })[];
  fees: { amount: Money }[];
  code: string | null;
  total: Money;
  amounts: { paid: Money; refunded: Money; retained: Money };
  buyer: { name: string; email: string } | null;
  expiresAt: string;
  createdAt: string;
  payment: (Money & { reference: string; status: string }) | null;
  refunds: { id: string; status: 'pending' | 'succeeded' | 'failed' }[];
}

/** All that the API has promised about one reservation. */
export interface Claim {
  id: string;
  client: 'client' | 'client2';
  buyer: { name: string; email: string };
  code: string | null;
  /** As they are by the answers; of a change after the sale see `changes`. */
  seats: SeatName[];
  total: Money;
  /** As the hold was answered: what all changes begin with. */
  first: { seats: readonly SeatName[]; total: number };
  changes: Map<string, Change>;
  /** What goes back of a sale that is cancelled or made smaller, by the terms of its event. */
  termsPercent: number;
  createdAt: string;
  /** The latest end of the hold in any 2xx, RFC 3339. */
  promisedUntil: string;
  /** References whose confirm was answered 200. */
  confirmed: Set<string>;
  /** A cancel was requested, whatever the answer. */
  cancelAsked: boolean;
  /** A cancel was answered 200 (`done`), 202 (`kept`); Temporal accepted a cancel signal (`signalled`). */
  cancelled: { done: boolean; kept: boolean; signalled: boolean };
  /** Ticket codes that the API has returned. */
  codes: Set<string>;
  /** How often each code was checked in (201). */
  entered: Map<string, number>;
  /** Codes of seats that were given back by a change that was answered applied. */
  voided: Set<string>;
  /** Resends answered 202. */
  resends: number;
}

/** A change as the API shows it, and what was answered to it. */
export interface Change {
  id: string;
  status: 'applied' | 'quoted' | 'expired' | 'withdrawn';
  release: SeatName[];
  take: SeatName[];
  before: { total: Money };
  after: { total: Money };
  due: Money | null;
  refund: Money | null;
  /** null: of a hold. */
  expiresAt: string | null;
  /** Somebody has paid for it, or asked to apply it for nothing, whatever the answer. */
  asked: boolean;
  answered: 'applied' | 'withdrawn' | null;
  /** Its payment was answered before its end, and nobody has cancelled or come in. */
  paidInTime: boolean;
}

/** Seats kept for a client or for operators. */
export interface Allotment {
  id: string;
  event: string;
}

export type PaymentWay = 'stripe' | 'standard' | 'confirm' | 'signal';

/** The kinds of money trouble. A run must have had each kind: one that did not happen proves nothing. */
const MONEY_KINDS = [
  'a refund in part',
  'several refunds of one payment',
  'a refund of more than is left',
  'a cancel after a refund in part',
  'a refund that failed afterwards',
  'a refund ordered anew',
  'a dispute that was won',
  'a dispute that was lost',
  'a refund that waits for a dispute',
  'a refund that failed while it was pending',
  'a claim that a proof contradicts',
  'a claim of what is proven for another',
  'a refund by hand',
  'a refund that the provider made by itself',
  'a refund told before its payment',
  'a reference proven for two reservations',
  'a payment of another account or mode',
  'a payment without a reservation',
] as const;

/** What a box office sells and changes. */
export const SALE_KINDS = [
  'an order over several events',
  'a hold with a code of limited uses',
  'a code that was used up',
  'a change while held',
  'a change applied',
  'a change paid by a client',
  'a refund in part by a change',
  'a refund that the terms keep a part of',
  'a quote paid late',
  'a quote paid too little',
  'a quote withdrawn',
  'a quote ended by a cancel',
  'a quote ended by a check-in',
  'an allotment ended',
  'an allotment ended while a seat of it was held',
  'a price edited',
  'a sale paused',
  'a page of the feed read again',
] as const;

/** How receivers of webhooks misbehave. Without faults they do not. */
const RECEIVER_KINDS = [
  'a receiver that was away',
  'a receiver that hung',
  'a receiver that cut the connection',
  'a receiver that answered 500',
  'a receiver that answered 429',
  'a receiver that redirected',
  'a receiver that answered garbage',
  'an endpoint that answered 410, enabled again',
] as const;

export const KINDS = [...MONEY_KINDS, ...SALE_KINDS, ...RECEIVER_KINDS] as const;
export type Kind = (typeof KINDS)[number];
export type ReceiverKind = (typeof RECEIVER_KINDS)[number];
export const isReceiverKind = (kind: Kind): boolean =>
  (RECEIVER_KINDS as readonly Kind[]).includes(kind);

/** Money of a payment, in minor units. */
export interface PartOfPayment {
  reference: string;
  reservation: string;
  amount: number;
}

/** A refund that an operator ordered (201). */
export interface OrderedRefund extends PartOfPayment {
  /** The provider has told that it failed, or a lost dispute made it superfluous. */
  failed: boolean;
}

/** A dispute that was answered 200. */
export interface Dispute extends PartOfPayment {
  status: 'open' | 'won' | 'lost';
}

/** One payment: how it was reported to the API, and the answers. */
export interface Payment extends Money {
  reference: string;
  reservation: string;
  ways: Set<PaymentWay>;
  /** The ways for which a 2xx, or Temporal's acceptance, was received. */
  acknowledged: Set<PaymentWay>;
  /** An attempt got no answer, so its effect is unknown. */
  uncertain: boolean;
  /** A confirm was refused (4xx). */
  refused: boolean;
  /** It came for another account or in the other mode. */
  foreign: boolean;
  /** The id of the change of the reservation that it is for. */
  change: string | null;
}

/** How seats are compared and shown: in order. */
export const namesOf = (seats: readonly SeatName[]): string[] =>
  seats.map(({ event, label }) => `${event} ${label}`).sort();

/** What a reservation has after a change. */
export function seatsAfter(
  seats: readonly SeatName[],
  { release, take }: Pick<Change, 'release' | 'take'>,
): SeatName[] {
  const released = new Set(namesOf(release));
  return [...seats.filter((seat) => !released.has(namesOf([seat])[0]!)), ...take];
}

/** A reference may be told for several reservations: each is a payment of its own. */
export const paymentKey = (reference: string, reservation: string): string =>
  `${reference} for ${reservation}`;

export interface Violation {
  rule: string;
  subject: string;
  detail: string;
}

/**
 * The journal of the load: each 2xx, complete, in a file of JSON lines, and in memory the promises that follow from it.
 * At the end the system is checked against them.
 */
export class Journal {
  readonly claims = new Map<string, Claim>();
  /** By `paymentKey`. */
  readonly payments = new Map<string, Payment>();
  /** By the id in the answer. */
  readonly refunds = new Map<string, OrderedRefund>();
  /** Refunds that the provider made by itself. */
  readonly refundsByProvider: PartOfPayment[] = [];
  readonly disputes = new Map<string, Dispute>();
  /** How often each kind has happened. */
  readonly kinds = new Map<Kind, number>();
  /** The same, until the faults ended. */
  kindsUnderFaults: ReadonlyMap<Kind, number> = new Map();
  readonly events = new Set<string>();
  /** The promo codes, with how many may use each. */
  readonly codes = new Map<string, number>();
  /** By id. */
  readonly allotments = new Map<string, Allotment>();
  /** Found while the load ran. */
  readonly violations: Violation[] = [];
  /** Deliveries for the time after the faults. */
  readonly afterFaults: (() => Promise<void>)[] = [];
  /** Answers by operation and kind: `200`, `409 seats_unavailable`, `lost: timeout`. */
  readonly tally = new Map<string, Map<string, number>>();
  private readonly file: WriteStream;
  private written = 0;

  /** @param expected how often each kind must happen, at least */
  constructor(
    path: string,
    readonly expected: ReadonlyMap<Kind, number>,
  ) {
    this.file = createWriteStream(path, { flags: 'w', mode: 0o600 });
  }

  get entries(): number {
    return this.written;
  }

  count(operation: string, kind: string): void {
    const kinds = this.tally.get(operation) ?? new Map<string, number>();
    this.tally.set(operation, kinds);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }

  happened(kind: Kind): void {
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
  }

  /** Whether the faults have ended. */
  isWithoutFaults = false;

  faultsEnded(): void {
    this.isWithoutFaults = true;
    this.kindsUnderFaults = new Map(this.kinds);
  }

  /** The kinds that have not happened often enough yet. */
  missingKinds(): Kind[] {
    return [...this.expected].flatMap(([kind, times]) =>
      (this.kinds.get(kind) ?? 0) < times ? kind : [],
    );
  }

  write(entry: Record<string, unknown>): void {
    this.written++;
    this.file.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
  }

  violation(rule: string, subject: string, detail: string): void {
    this.violations.push({ rule, subject, detail });
    this.write({ violation: rule, subject, detail });
  }

  /** Records a 201 of a hold. A repeated answer must name the same seats. */
  recordHold(body: Reservation, client: Claim['client']): Claim {
    const known = this.claims.get(body.id);
    const seats = body.seats.map(({ event, label }) => ({ event, label }));
    if (known) {
      if (
        namesOf(known.first.seats).join() !== namesOf(seats).join() ||
        known.createdAt !== body.createdAt ||
        known.client !== client
      ) {
        const detail = `${namesOf(known.first.seats).join()} made ${known.createdAt}, then ${namesOf(seats).join()} made ${body.createdAt}`;
        this.violation('one key, one reservation', body.id, detail);
      }
      this.extendPromise(known, body.expiresAt);
      return known;
    }
    const claim: Claim = {
      id: body.id,
      client,
      buyer: body.buyer ?? { name: '', email: '' },
      code: body.code,
      seats,
      total: body.total,
      first: { seats, total: body.total.amount },
      changes: new Map(),
      termsPercent: 100,
      createdAt: body.createdAt,
      promisedUntil: body.expiresAt,
      confirmed: new Set(),
      cancelAsked: false,
      cancelled: { done: false, kept: false, signalled: false },
      codes: new Set(),
      entered: new Map(),
      voided: new Set(),
      resends: 0,
    };
    this.claims.set(body.id, claim);
    return claim;
  }

  extendPromise(claim: Claim, expiresAt: string): void {
    if (Date.parse(expiresAt) > Date.parse(claim.promisedUntil)) claim.promisedUntil = expiresAt;
  }

  /** Records a 201 of a change. A repeated answer shows the change as it then stands. */
  recordChange(claim: Claim, body: Change): Change {
    const known = claim.changes.get(body.id);
    if (known) return known;
    const { id, status, release, take, before, after, due, refund, expiresAt } = body;
    const change: Change = {
      ...{ id, status, before, after, due, refund, expiresAt },
      release: release.map(({ event, label }) => ({ event, label })),
      take: take.map(({ event, label }) => ({ event, label })),
      asked: false,
      answered: null,
      paidInTime: false,
    };
    claim.changes.set(id, change);
    // While it is held a change is applied at once.
    if (expiresAt === null) this.recordApplied(claim, change);
    return change;
  }

  /** The change was answered applied. */
  recordApplied(claim: Claim, change: Change): void {
    if (change.answered === 'applied') return;
    change.answered = 'applied';
    claim.seats = seatsAfter(claim.seats, change);
    claim.total = change.after.total;
  }

  /** Records a payment before it is reported to the API. */
  recordPayment(
    way: PaymentWay,
    reference: string,
    reservation: string,
    money: Money,
    change: string | null = null,
  ): Payment {
    const key = paymentKey(reference, reservation);
    const payment = this.payments.get(key) ?? {
      ...money,
      reference,
      reservation,
      ways: new Set<PaymentWay>(),
      acknowledged: new Set<PaymentWay>(),
      uncertain: false,
      refused: false,
      foreign: false,
      change,
    };
    payment.ways.add(way);
    this.payments.set(key, payment);
    return payment;
  }

  async close(): Promise<void> {
    this.file.end();
    await once(this.file, 'finish');
  }
}
