import type { Money } from '../../domain/money';

/** What the page shows of the API's answers; the OpenAPI document has all of them. */

export interface RefundShown {
  id: string;
  payment: string;
  reservation: string;
  amount: Money;
  status: string;
  by: string;
  reason: string;
  error: string | null;
  createdAt: string;
  succeededAt: string | null;
}

interface SeatShown {
  event: string;
  label: string;
  category: string;
  priceType: string;
  price: Money;
}

export interface ReservationShown {
  id: string;
  status: string;
  event: string | null;
  seats: SeatShown[];
  total: Money;
  amounts: Record<
    'tickets' | 'discount' | 'fees' | 'tax' | 'total' | 'paid' | 'refunded' | 'retained',
    Money
  >;
  code: string | null;
  buyer: { name: string; email: string } | null;
  reference: string | null;
  metadata: Record<string, string>;
  revision: number;
  expiresAt: string;
  createdAt: string;
  updatedAt: string;
  cancelRequestedAt: string | null;
  payments: { reference: string; amount: Money; status: string }[];
  refunds: RefundShown[];
}

export interface TicketShown {
  code: string;
  event: string;
  seat: string;
  holder: string;
  status: string;
}

export interface StoryEntry {
  at: string;
  type: string;
  actor: string;
  data: Record<string, unknown>;
}

export interface ReportShown {
  asOf: string;
  lines: {
    state: string;
    category: string;
    priceType: string;
    seats: number;
    tickets: Money;
  }[];
  totals: Record<string, Money>;
}

export interface MapSeat {
  label: string;
  section: string;
  row: string | null;
  category: string;
  status: string;
}
