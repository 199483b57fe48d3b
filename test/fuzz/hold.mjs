import { randomUUID } from 'node:crypto';

/** A hold that would be fine, but for what a case does to it. */
export function holdOf({ key, event, seats }) {
  const body = JSON.stringify({
    event,
    seats: [seats[0]],
    buyer: { name: 'Ada', email: 'ada@example.org' },
  });
  const headers = (overrides = {}) =>
    Object.entries({
      Authorization: `Bearer ${key}`,
      'Idempotency-Key': randomUUID(),
      'Content-Type': 'application/json',
      ...overrides,
    });
  return {
    body,
    headers,
    request: (rest) => ({
      method: 'POST',
      target: '/v1/reservations',
      headers: headers(),
      body,
      ...rest,
    }),
  };
}
