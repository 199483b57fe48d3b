import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { TextName, Texts } from '../texts';
import { isHoldfastError, type Client } from './client';

export interface Shop extends Texts {
  client: Client;
  /** Where buyers pay; null: on the test provider's page. */
  paymentUrl: string | null;
}

export const ShopContext = createContext<Shop | null>(null);
export const useShop = (): Shop => useContext(ShopContext)!;

/** What to tell a buyer of an error: by its code, which has a text of ours, else as the API says it. */
export function textOf(error: unknown, { text, has }: Texts): string {
  if (!isHoldfastError(error)) throw error;
  const { code, problem } = error;
  const { detail, seats = [] } = problem;
  if (code === 'seats_unavailable' && seats.length === 0)
    return text('problem_seats_unavailable_none');
  const name = `problem_${code}`;
  const known: TextName = has(name) ? name : 'problem_other';
  return text(known, { seats: seats.join(', '), detail });
}
