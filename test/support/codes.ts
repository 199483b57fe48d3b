import { randomUUID } from 'node:crypto';
import type { ApiClient } from './api';

/** Makes a promo code, with these rules. @returns its name */
export async function newCode(api: ApiClient, rules: object): Promise<string> {
  const code = `CODE-${randomUUID().slice(0, 8)}`.toUpperCase();
  const answer = await api.call('POST', '/v1/codes', {
    key: api.info.keys.operator,
    body: { code, ...rules },
    headers: { 'idempotency-key': randomUUID() },
  });
  expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
  return code;
}
