import { inTurn } from '../real/load';
import { AT_ONCE, each, freeze, type Measured, type Run } from './context';

/** The seat map of a big hall: whole from the cache, unchanged, and made anew after a hold. */
export async function measureMap(run: Run, seats: number): Promise<Measured> {
  const { system, meter, progress } = run;
  progress(`the map of ${seats} seats`);
  const hall = await system.shop.makeHall(seats);
  const first = await system.shop.readMap(hall);
  const times = (count: number) => Array.from({ length: count }, () => 0);
  const whole = await meter.during(() => inTurn(times(300), 1, () => system.shop.readMap(hall)));
  const same = await meter.during(() => inTurn(times(2_000), AT_ONCE, () => system.shop.readMap(hall, first.etag)));
  const thaw = freeze(run, 'relay');
  const labels = hall.labels.slice(0, 40);
  const anew = await meter.during(() =>
    inTurn(labels, 1, async (label) => {
      await system.shop.hold(hall, [label]);
      await system.shop.readMap(hall);
    }),
  );
  thaw();
  const fresh = each(anew.spent, labels.length);
  const cached = each(whole.spent, 300);
  const unchanged = each(same.spent, 2_000);
  return {
    'api.map': cached.api,
    'api.unchanged': unchanged.api,
    'postgres.unchanged': unchanged.postgres,
    'api.map.thousand': (1000 * Math.max(0, fresh.api - cached.api)) / seats,
    'postgres.map.thousand': (1000 * fresh.postgres) / seats,
    'map.seat.bytes': first.bytes / seats,
  };
}
