import { inTurn } from '../real/load';
import type { Hall } from '../real/shop';
import { AT_ONCE, each, freeze, type Measured, type Run } from './context';

/** Holds, refused holds and payments, while the relay stands still: nothing but the answers is paid for. */
export async function measureAnswers(
  run: Run,
  hall: Hall,
  refusedCount: number,
): Promise<{ measured: Measured; ids: string[] }> {
  const { system, meter } = run;
  const thaw = freeze(run, 'relay');
  try {
    const seats = hall.labels;
    const holds = await meter.during(() => inTurn(seats, AT_ONCE, (label) => system.shop.hold(hall, [label])));
    const ids = holds.result.map((id) => {
      if (id === null) throw new Error('a free seat was refused');
      return id;
    });
    const tries = Array.from({ length: refusedCount }, (_, index) => seats[index % seats.length]!);
    const refused = await meter.during(() => inTurn(tries, AT_ONCE, (label) => system.shop.hold(hall, [label])));
    const hold = each(holds.spent, seats.length);
    const lost = each(refused.spent, Math.max(1, tries.length));
    return {
      ids,
      measured: {
        'api.hold': hold.api,
        'postgres.hold': hold.postgres,
        'client.request': lost.client,
        'api.refused': lost.api,
        'postgres.refused': lost.postgres,
      },
    };
  } finally {
    thaw();
  }
}
