import { randomUUID } from 'node:crypto';
import type { Answer, ApiClient } from './api';

/** A change of a reservation, as the API shows it. */
export interface Change {
  id: string;
  status: string;
  release: { label: string }[];
  take: { label: string; price: object }[];
  before: Record<string, { amount: number }>;
  after: Record<string, { amount: number }>;
  due: { amount: number; currency: string } | null;
  refund: { amount: number; currency: string } | null;
  expiresAt: string | null;
  reservation: string;
}

/**
 * The calls about changes of reservations.
 * @param api the client of the test's system, once that runs
 */
export function changeCalls(api: () => ApiClient) {
  const change = (id: string, body: object, key = randomUUID()): Promise<Answer<Change>> =>
    api().call<Change>('POST', `/v1/reservations/${id}/changes`, {
      body,
      headers: { 'idempotency-key': key },
    });
  return {
    change,
    /** A change that is made: applied, or quoted. */
    made: async (id: string, body: object): Promise<Change> => {
      const answer = await change(id, body);
      expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
      return answer.body;
    },
    confirm: (id: string, changeId: string, body: object) =>
      api().ask<Change>(`/v1/reservations/${id}/changes/${changeId}/confirm`, { body }),
    shown: async (id: string, changeId: string): Promise<Change> =>
      (await api().call<Change>('GET', `/v1/reservations/${id}/changes/${changeId}`)).body,
  };
}
