import { NO_RULES } from '../../src/db/events';

/** An event without rules, for tests that talk to the database alone; they add slug, name, categories and seats. */
export const PLAIN_EVENT = {
  ...NO_RULES,
  venue: null,
  startsAt: '2030-01-01T00:00:00.000Z',
  timeZone: 'UTC',
  currency: 'EUR',
};
