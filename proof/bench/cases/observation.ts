import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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

/** Takes what is exported to it and keeps nothing: a collector that costs as little as one can. */
async function startSwallower(): Promise<{ url: string; taken: () => number; stop: () => void }> {
  let taken = 0;
  const server = createServer((request, response) => {
    request.on('data', (part: Buffer) => (taken += part.length));
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: () => taken,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function measure(bench: Bench, round: number): Promise<Figures> {
  const collector = await startSwallower();
  const apis: ExtraApi[] = [];
  const start = async (...options: Parameters<typeof startExtraApi>): Promise<ExtraApi> => {
    const api = await startExtraApi(...options);
    apis.push(api);
    return api;
  };
  try {
    const shipped = await start(bench, 'shipped');
    const silent = await start(bench, 'silent', {
      env: { LOG_LEVEL: 'silent' },
      withoutMetrics: true,
    });
    const traced = await start(bench, 'traced', {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    });
    for (const api of apis) await burst(bench, api, WARM_UP);
    const rates = new Map<ExtraApi, number[]>(apis.map((api) => [api, []]));
    // There and back, so that none has the earlier half; without the relay, which is not measured here.
    const order = [shipped, silent, traced, traced, silent, shipped];
    const turns = order.map((api) => ({
      of: 'baseline' as const,
      measure: async () => void rates.get(api)!.push(await burst(bench, api, HOLDS)),
    }));
    await takeTurns(bench, round, turns);
    await traced.stop();
    if (collector.taken() === 0) throw new Error('The traced API has exported nothing');
    return {
      shippedPerSecond: mean(rates.get(shipped)!),
      silentPerSecond: mean(rates.get(silent)!),
      tracedPerSecond: mean(rates.get(traced)!),
    };
  } finally {
    for (const api of apis) await api.stop();
    collector.stop();
  }
}

/** The same API three times: with logs and metrics as shipped, the baseline `no-observability`, and with all traced. */
export const observation: Case = {
  id: 'observation',
  title: 'What logs, metrics and traces cost a burst of 3,000 holds, 10 at a time',
  rounds: 3,
  targets: [
    {
      title: 'holds per second as shipped, relative to no-observability',
      of: ({ shippedPerSecond, silentPerSecond }) => shippedPerSecond! / silentPerSecond!,
      atLeast: 0.9,
    },
    {
      title: 'holds per second with every request traced, relative to those as shipped',
      of: ({ tracedPerSecond, shippedPerSecond }) => tracedPerSecond! / shippedPerSecond!,
    },
  ],
  measure,
};
