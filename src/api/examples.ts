/**
 * The reservation that all examples of the OpenAPI document describe, so that they fit together.
 */
export const RESERVATION_ID = '5f0c8f4e-7c1f-4a53-9d2e-0c9a4f1b6e21';

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
};

export const CONFIRMED_RESERVATION = {
  ...HELD_RESERVATION,
  status: 'confirmed',
  payment: { ...PAYMENT, status: 'captured' },
};

export const CANCELLED_RESERVATION = {
  ...HELD_RESERVATION,
  status: 'cancelled',
  payment: { ...PAYMENT, status: 'refunding' },
};
