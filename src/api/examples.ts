/**
 * The reservation that all examples of the OpenAPI document describe, so that they fit together.
 */
export const RESERVATION_ID = '5f0c8f4e-7c1f-4a53-9d2e-0c9a4f1b6e21';

export const RESEND_KEY = 'b1d3c9a2-0c4e-4f57-8a55-6c0e9d1f7e32';

export const TICKET_CODE =
  'HF1.o_HA3itHTwqMVW0em386Aj4Nf2xYsUsOnVMvWo0cehBBLTE.LkdFBii5aa93IMpR1W9xY38NSJ56ns4tiBUp9jBr7oyyYCdTjQCAZJXbOOCPbgaLUjGUChwY4Eh7gOCj-__dAQ';

/** The key that signed the code. */
export const TICKET_KEY = {
  keyId: 'nHzA_Y9cMm8Ut0dOCaq2HIPaa9No77KfbZRME6ooW28',
  algorithm: 'Ed25519',
  publicKeyPem:
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAIaGDutmbS8BqzZOlcoyOR30F2Y/S8GGkg3+N7d9QbpU=\n-----END PUBLIC KEY-----\n',
};

export const PAYMENT = { reference: 'pi_3QK9vJ2eZvKYlo2C', amount: 9300, currency: 'EUR' };

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const seat = (label: string) => ({
  event: 'hamlet',
  label,
  category: 'stalls',
  priceType: 'adult',
  listPrice: eur(4500),
  discount: eur(0),
  price: eur(4500),
});

export const HELD_RESERVATION = {
  id: RESERVATION_ID,
  status: 'held',
  event: 'hamlet',
  seats: [seat('A-1'), seat('A-2')],
  fees: [{ event: 'hamlet', code: 'booking', amount: eur(300) }],
  taxes: [{ event: 'hamlet', percent: '21', included: true, amount: eur(1614) }],
  total: eur(9300),
  amounts: {
    tickets: eur(9000),
    discount: eur(0),
    fees: eur(300),
    tax: eur(1614),
    taxIncluded: true,
    total: eur(9300),
    paid: eur(0),
    refunded: eur(0),
    retained: eur(0),
  },
  code: null,
  buyer: { name: 'Ada Lovelace', email: 'ada@example.org' },
  reference: '4711',
  metadata: { channel: 'phone' },
  revision: 1,
  expiresAt: '2030-01-12T10:10:00.123Z',
  createdAt: '2030-01-12T10:00:00.123Z',
  updatedAt: '2030-01-12T10:00:00.123Z',
  payment: null,
  payments: [],
  refunds: [],
  cancelRequestedAt: null,
};

const {
  paid: _paid,
  refunded: _refunded,
  retained: _retained,
  ...ORDER_AMOUNTS
} = HELD_RESERVATION.amounts;
export const PRICE_PREVIEW = {
  seats: HELD_RESERVATION.seats,
  fees: HELD_RESERVATION.fees,
  taxes: HELD_RESERVATION.taxes,
  amounts: ORDER_AMOUNTS,
};

export const CONFIRMED_RESERVATION = {
  ...HELD_RESERVATION,
  status: 'confirmed',
  amounts: { ...HELD_RESERVATION.amounts, paid: eur(9300) },
  updatedAt: '2030-01-12T10:05:00.123Z',
  payment: { ...PAYMENT, status: 'captured' },
  payments: [
    {
      reference: PAYMENT.reference,
      amount: eur(9300),
      refunded: eur(0),
      status: 'captured',
      provenBy: 'stripe',
      capturedBy: 'stripe',
      receivedAt: '2030-01-12T10:05:00.123Z',
    },
  ],
};

const NOTHING = {
  ...HELD_RESERVATION.amounts,
  tickets: eur(0),
  fees: eur(0),
  tax: eur(0),
  total: eur(0),
};

export const CANCELLED_RESERVATION = {
  ...HELD_RESERVATION,
  status: 'cancelled',
  amounts: { ...NOTHING, paid: eur(9300), retained: eur(9300) },
  payment: { ...PAYMENT, status: 'refunding' },
  cancelRequestedAt: '2030-01-13T08:00:00.123Z',
};

/** A cancel is accepted, and yet to be carried out. */
export const BEING_CANCELLED = {
  ...CONFIRMED_RESERVATION,
  cancelRequestedAt: CANCELLED_RESERVATION.cancelRequestedAt,
};

export const REFUND_ID = '0d1f6c1e-3f0a-4f7e-9a55-7a0a4c3f2b11';

export const CHANGE_ID = '6a0b7a54-8f3e-4f0e-8a6a-3f0a4d2c9e10';
/** A-2 is given back, A-3 is taken: it costs 2000 more. */
export const CHANGE = {
  id: CHANGE_ID,
  reservation: RESERVATION_ID,
  status: 'quoted',
  release: [seat('A-2')],
  take: [{ ...seat('A-3'), category: 'premium', listPrice: eur(6500), price: eur(6500) }],
  before: CONFIRMED_RESERVATION.amounts,
  after: {
    ...CONFIRMED_RESERVATION.amounts,
    tickets: eur(11000),
    tax: eur(1961),
    total: eur(11300),
    paid: eur(11300),
  },
  due: eur(2000),
  refund: null,
  expiresAt: '2030-01-13T08:10:00.123Z',
  createdAt: '2030-01-13T08:00:00.123Z',
};
