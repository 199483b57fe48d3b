import { formatMoney } from './currency';

/** An entry of a reservation's history: what happened, who did it, ids and amounts. */
export interface News {
  type: string;
  actor: string;
  data: Record<string, unknown>;
}

const inWords = (name: string): string => name.replaceAll(/[._]/g, ' ');

/** What happened in words for an operator; without personal data, as the history's `data` has none. */
export function describeNews({ type, actor, data }: News): string {
  const { reference, amount, currency } = data;
  const money =
    typeof amount === 'number' && typeof currency === 'string'
      ? formatMoney({ amount, currency })
      : null;
  if (type === 'payment.received') return `payment ${String(reference)}, ${money}, by ${actor}`;
  if (type === 'reservation.cancel_requested') return `cancel by ${actor}`;
  if (type.startsWith('refund.') && money !== null)
    return `refund of ${money} of payment ${String(reference)} ${inWords(type.slice(7))}`;
  const [subject, event = ''] = type.split('.');
  const what = subject === 'reservation' ? inWords(event) : inWords(type);
  return `${what}${typeof reference === 'string' ? ` ${reference}` : ''} by ${actor}`;
}
