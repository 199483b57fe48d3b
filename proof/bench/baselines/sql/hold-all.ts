import { type Database } from '../../../product';
import { NOTHING_MORE, takeSeats, type HoldRequest } from '../../product';

/** The body of POST /v1/reservations. */
export interface HoldBody {
  event: string;
  seats: string[];
  buyer: { name: string; email: string };
}

const CLIENT = 'bench-baseline';
const FINGERPRINT = Buffer.alloc(32);

export const holdOf = (id: string, { event, seats, buyer }: HoldBody): HoldRequest => ({
  id,
  client: CLIENT,
  fingerprint: FINGERPRINT,
  seats: seats.map((label) => ({ event, label, priceType: null })),
  ...NOTHING_MORE,
  buyer,
  defaultTtlSeconds: 3600,
  buyerCap: null,
  actor: `client:${CLIENT}`,
});

/** The baseline `sql`: the transaction of a hold alone, through the driver, `atOnce` at a time. @returns how long it took, in milliseconds, and how many were held */
export async function holdAll(
  db: Database,
  holds: [string, HoldBody][],
  atOnce: number,
): Promise<{ ms: number; held: number }> {
  let next = 0;
  let held = 0;
  const started = performance.now();
  const work = async (): Promise<void> => {
    while (next < holds.length) {
      const { kind } = await takeSeats(db, holdOf(...holds[next++]!));
      if (kind === 'held') held++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { ms: performance.now() - started, held };
}
