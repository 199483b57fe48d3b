import { NO_RULES, type NewEvent } from '../db/events';
import type { SectionDefinition } from '../domain/seat-map';

const DAY_MS = 86_400_000;

/** Rows A, B, C … (AA after Z) of the given lengths, front to back. */
function rows(lengths: readonly number[]): { name: string; seats: number }[] {
  const letter = (index: number) =>
    String.fromCharCode(65 + (index % 26)).repeat(1 + Math.floor(index / 26));
  return lengths.map((seats, index) => ({ name: letter(index), seats }));
}

const widening = (count: number, from: number, by: number) =>
  Array.from({ length: count }, (_, index) => from + Math.floor(index * by));

/** A proscenium theatre: rows that widen with the distance from the stage, two balconies, boxes. 1,212 seats. */
function theatre(): SectionDefinition[] {
  const boxes = Array.from({ length: 12 }, (_, index) => ({
    name: `Box ${index + 1}`,
    seats: index < 8 ? 6 : 4,
  }));
  return [
    { name: 'Stalls', category: 'premium', rows: rows(widening(10, 22, 0.8)) },
    { name: 'Rear stalls', category: 'standard', rows: rows(widening(10, 28, 0.5)) },
    { name: 'Circle', category: 'standard', rows: rows(widening(8, 30, 0.75)) },
    { name: 'Balcony', category: 'value', rows: rows(widening(8, 33, 0.5)) },
    { name: 'Boxes', category: 'premium', rows: boxes },
  ];
}

/** An arena: 16 lower and 16 upper blocks around the floor, the curves narrower. Above 20,000 seats. */
function arena(): SectionDefinition[] {
  const block = (ring: string, index: number, category: string, count: number) => {
    const curve = index % 4 === 0 ? 16 : 22;
    return {
      name: `${ring}${String(index + 1).padStart(2, '0')}`,
      category,
      rows: rows(widening(count, curve, 0.6)),
    };
  };
  const sixteen = Array.from({ length: 16 }, (_, index) => index);
  return [
    { name: 'Floor', category: 'floor', places: 2000 },
    ...sixteen.map((index) => block('1', index, 'lower', 20)),
    ...sixteen.map((index) => block('2', index, 'upper', 24)),
  ];
}

/** Friends of the club pay less, and bought before all others. */
export const DEMO_CODE = {
  code: 'FRIENDS',
  event: 'club-late',
  percent: '10',
  maxUses: 50,
  maxUsesPerBuyer: 2,
  salesOpenAt: '2026-01-01T00:00:00.000Z',
};

/** Three venues of realistic shape: a theatre, an arena, a club without numbered seats. */
export function demoEvents(
  now: Date,
): (Omit<NewEvent, 'seats'> & { sections: SectionDefinition[] })[] {
  const evening = (inDays: number, hourUtc: number) => {
    const day = new Date(now.getTime() + inDays * DAY_MS);
    day.setUTCHours(hourUtc, 0, 0, 0);
    return day.toISOString();
  };
  return [
    {
      ...NO_RULES,
      slug: 'hamlet',
      name: 'Hamlet',
      venue: 'Vinohrady Theatre',
      startsAt: evening(60, 18),
      timeZone: 'Europe/Prague',
      currency: 'EUR',
      maxSeatsPerReservation: 10,
      categories: [
        { code: 'premium', name: 'Premium', price: 6500 },
        { code: 'standard', name: 'Standard', price: 4500 },
        { code: 'value', name: 'Value', price: 2500 },
      ],
      pricing: {
        types: [
          { code: 'adult', name: 'Adult' },
          { code: 'child', name: 'Child, up to 15' },
          { code: 'concession', name: 'Concession' },
        ],
        prices: {
          premium: { child: 3500, concession: 5200 },
          standard: { child: 2500, concession: 3600 },
          value: { child: 1500, concession: 2000 },
        },
        fees: [
          {
            code: 'booking',
            name: 'Booking fee',
            per: 'ticket',
            amount: 150,
            percent: null,
            refundable: false,
          },
        ],
        tax: null,
      },
      refundTerms: [
        { untilSecondsBeforeStart: 172_800, percent: '100' },
        { untilSecondsBeforeStart: 0, percent: '50' },
      ],
      sections: theatre(),
    },
    {
      ...NO_RULES,
      slug: 'arena-night',
      name: 'Arena Night',
      venue: 'Harbour Arena',
      startsAt: evening(90, 19),
      timeZone: 'Europe/London',
      currency: 'GBP',
      maxSeatsPerReservation: 8,
      categories: [
        { code: 'floor', name: 'Floor, standing', price: 8900 },
        { code: 'lower', name: 'Lower ring', price: 7500 },
        { code: 'upper', name: 'Upper ring', price: 4900 },
      ],
      maxSeatsPerBuyer: 16,
      pricing: {
        types: [{ code: 'standard', name: 'Standard' }],
        prices: {},
        fees: [],
        tax: { percent: '20', included: true },
      },
      sections: arena(),
    },
    {
      ...NO_RULES,
      slug: 'club-late',
      name: 'Late at the Club',
      venue: 'Kellerclub',
      startsAt: evening(14, 21),
      timeZone: 'Europe/Berlin',
      currency: 'EUR',
      maxSeatsPerReservation: 6,
      // On sale to everyone since yesterday; with the code since long before.
      salesOpenAt: evening(-1, 10),
      categories: [{ code: 'entry', name: 'Entry', price: 1800 }],
      sections: [{ name: 'Club', category: 'entry', places: 500 }],
    },
  ];
}
