import { startExtraApi, type ExtraApi } from '../extra-api';
import type { Bench, Case, Figures } from '../case';
import { expectStatuses, holdOurs, makeBuyers, perSecond, scaled } from '../holds';
import { takeTurns } from '../turns';

const HOLDS = 3_000;
const WARM_UP = 1_000;
const CONNECTIONS = 10;

async function burst(bench: Bench, { url }: ExtraApi, size: number): Promise<number> {
  const event = await bench.makeEvent(scaled(bench, size, 200));
  const buyers = makeBuyers(event, event.labels);
  const result = await holdOurs({ ...bench, apiUrl: url }, buyers, { connections: CONNECTIONS });
  expectStatuses(result, { 201: buyers.length });
  return perSecond(buyers.length, result.wallMs);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

async function measure(bench: Bench, round: number): Promise<Figures> {
  const shipped = await startExtraApi(bench, 'shipped');
  try {
    const silent = await startExtraApi(bench, 'silent', {
      env: { LOG_LEVEL: 'silent' },
      withoutMetrics: true,
    });
    try {
      for (const api of [shipped, silent]) await burst(bench, api, WARM_UP);
      const rates = new Map<ExtraApi, number[]>([
        [shipped, []],
        [silent, []],
      ]);
      // There and back, so that neither has the earlier half; without the relay, which is not measured here.
      const order = [shipped, silent, silent, shipped];
      const turns = order.map((api) => ({
        of: 'baseline' as const,
        measure: async () => void rates.get(api)!.push(await burst(bench, api, HOLDS)),
      }));
      await takeTurns(bench, round, turns);
      return {
        shippedPerSecond: mean(rates.get(shipped)!),
        silentPerSecond: mean(rates.get(silent)!),
      };
    } finally {
      await silent.stop();
    }
  } finally {
    await shipped.stop();
  }
}

/** The same API twice: with logs and metrics as shipped, and the baseline `no-observability`. */
export const observation: Case = {
  id: 'observation',
  title: 'What logs and metrics cost a burst of 3,000 holds, 10 at a time',
  rounds: 3,
  targets: [
    {
      title: 'holds per second as shipped, relative to no-observability',
      of: ({ shippedPerSecond, silentPerSecond }) => shippedPerSecond! / silentPerSecond!,
      atLeast: 0.9,
    },
  ],
  measure,
};
