import { moneyText, t, timeText } from '../staff/language';
import type { TextKey } from '../staff/texts';

const isMoney = (value: unknown): value is { amount: number; currency: string } =>
  typeof value === 'object' && value !== null && 'amount' in value && 'currency' in value;

/** A seat of an order of several events. */
const isSeat = (value: unknown): value is { event: string; label: string } =>
  typeof value === 'object' && value !== null && 'event' in value && 'label' in value;

function detail(value: unknown): string {
  if (isMoney(value)) return moneyText(value);
  if (isSeat(value)) return `${value.label} (${value.event})`;
  if (Array.isArray(value)) return value.map(detail).join(', ');
  if (typeof value === 'string')
    return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? timeText(value) : value;
  return JSON.stringify(value);
}

/** Names of what entries say. */
const NAMES: Record<string, TextKey> = {
  amount: 'amount',
  by: 'givenBackBy',
  client: 'client',
  event: 'event',
  expiresAt: 'holdEnds',
  kind: 'kind',
  payment: 'payment',
  reason: 'reason',
  reference: 'reference',
  seat: 'seat',
  seats: 'seats',
  why: 'reason',
};

/** An amount and its currency stand beside each other in some entries: then they are one. */
function details(data: Record<string, unknown>): [string, string][] {
  // Which of several mails it was is of no use here.
  const { amount, currency, sequence: _sequence, ...rest } = data;
  const money: [string, unknown][] =
    typeof amount === 'number' && typeof currency === 'string'
      ? [['amount', { amount, currency }]]
      : Object.entries({ amount, currency });
  return [...money, ...Object.entries(rest)]
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [NAMES[name] ? t(NAMES[name]) : name, detail(value)]);
}

/** What an entry or a note says, by name. */
export function Details({ data }: { data: Record<string, unknown> }) {
  const shown = details(data);
  if (shown.length === 0) return null;
  return (
    <dl class="data">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
