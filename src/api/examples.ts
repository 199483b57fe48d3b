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

export const PAYMENT = { reference: 'pi_3QK9vJ2eZvKYlo2C', amount: 9000, currency: 'EUR' };

const price = { amount: 4500, currency: 'EUR' };

export const HELD_RESERVATION = {
  id: RESERVATION_ID,
  status: 'held',
  event: 'hamlet',
  seats: [
    { label: 'A-1', category: 'stalls', price },
    { label: 'A-2', category: 'stalls', price },
  ],
  total: { amount: 9000, currency: 'EUR' },
  buyer: { name: 'Ada Lovelace', email: 'ada@example.org' },
  expiresAt: '2030-01-12T10:10:00.123Z',
  createdAt: '2030-01-12T10:00:00.123Z',
  payment: null,
  payments: [],
  refunds: [],
  cancelRequestedAt: null,
};

export const CONFIRMED_RESERVATION = {
  ...HELD_RESERVATION,
  status: 'confirmed',
  payment: { ...PAYMENT, status: 'captured' },
  payments: [
    {
      reference: PAYMENT.reference,
      amount: { amount: 9000, currency: 'EUR' },
      refunded: { amount: 0, currency: 'EUR' },
      status: 'captured',
      provenBy: 'stripe',
      capturedBy: 'stripe',
      receivedAt: '2030-01-12T10:05:00.123Z',
    },
  ],
};

export const CANCELLED_RESERVATION = {
  ...HELD_RESERVATION,
  status: 'cancelled',
  payment: { ...PAYMENT, status: 'refunding' },
  cancelRequestedAt: '2030-01-13T08:00:00.123Z',
};

/** A cancel is accepted, and yet to be carried out. */
export const BEING_CANCELLED = {
  ...CONFIRMED_RESERVATION,
  cancelRequestedAt: CANCELLED_RESERVATION.cancelRequestedAt,
};

export const REFUND_ID = '0d1f6c1e-3f0a-4f7e-9a55-7a0a4c3f2b11';
