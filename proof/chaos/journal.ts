import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';

export interface Money {
  amount: number;
  currency: string;
}

/** A reservation as the API shows it: the fields that the load reads. */
export interface Reservation {
  id: string;
  status: 'held' | 'confirmed' | 'expired' | 'cancelled';
  event: string;
  seats: { label: string }[];
  total: Money;
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
  event: string;
  buyer: { name: string; email: string };
  labels: string[];
  total: Money;
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
  /** Resends answered 202. */
  resends: number;
}

export type PaymentWay = 'stripe' | 'standard' | 'confirm' | 'signal';

/** The kinds of money trouble that a run must have had; one that did not happen proves nothing. */
export const MONEY_KINDS = [
  'a refund in part',
  'several refunds of one payment',
  'a refund of more than is left',
  'a cancel after a refund in part',
  'a refund that failed afterwards',
  'a refund ordered anew',
  'a dispute that was won',
  'a dispute that was lost',
  'a refund that waits for a dispute',
  'a claim that a proof contradicts',
  'a refund by hand',
  'a refund that the provider made by itself',
  'a refund told before its payment',
  'a reference proven for two reservations',
  'a payment of another account or mode',
  'a payment without a reservation',
] as const;
export type MoneyKind = (typeof MONEY_KINDS)[number];

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
  readonly kinds = new Map<MoneyKind, number>();
  /** The same, until the faults ended. */
  kindsUnderFaults: ReadonlyMap<MoneyKind, number> = new Map();
  readonly events = new Set<string>();
  /** Found while the load ran. */
  readonly violations: Violation[] = [];
  /** Deliveries for the time after the faults. */
  readonly afterFaults: (() => Promise<void>)[] = [];
  /** Answers by operation and kind: `200`, `409 seats_unavailable`, `lost: timeout`. */
  readonly tally = new Map<string, Map<string, number>>();
  private readonly file: WriteStream;
  private written = 0;

  constructor(path: string) {
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

  happened(kind: MoneyKind): void {
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
  }

  faultsEnded(): void {
    this.kindsUnderFaults = new Map(this.kinds);
  }

  /** The kinds that have not happened yet. */
  missingKinds(): MoneyKind[] {
    return MONEY_KINDS.filter((kind) => !this.kinds.has(kind));
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
    const labels = body.seats.map((seat) => seat.label).sort();
    if (known) {
      if (
        known.labels.join() !== labels.join() ||
        known.createdAt !== body.createdAt ||
        known.client !== client
      ) {
        const detail = `${known.labels.join()} made ${known.createdAt}, then ${labels.join()} made ${body.createdAt}`;
        this.violation('one key, one reservation', body.id, detail);
      }
      this.extendPromise(known, body.expiresAt);
      return known;
    }
    const claim: Claim = {
      id: body.id,
      client,
      event: body.event,
      buyer: body.buyer ?? { name: '', email: '' },
      labels,
      total: body.total,
      createdAt: body.createdAt,
      promisedUntil: body.expiresAt,
      confirmed: new Set(),
      cancelAsked: false,
      cancelled: { done: false, kept: false, signalled: false },
      codes: new Set(),
      entered: new Map(),
      resends: 0,
    };
    this.claims.set(body.id, claim);
    return claim;
  }

  extendPromise(claim: Claim, expiresAt: string): void {
    if (Date.parse(expiresAt) > Date.parse(claim.promisedUntil)) claim.promisedUntil = expiresAt;
  }

  /** Records a payment before it is reported to the API. */
  recordPayment(way: PaymentWay, reference: string, reservation: string, money: Money): Payment {
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
