import type { Processor } from '../kernel/cores';
import type { SimulatedSystem } from '../model/system';
import type { Deployment } from '../model/deployment';

/** What a system has of something that can run out. */
interface Resource {
  name: string;
  busyMs: () => number;
  count: number;
}

/** One reading a second. */
export interface Readings {
  /** Share in use of each resource, 0 to 1. */
  use: Map<string, number[]>;
  /** How many wait, by what for. */
  queues: Map<string, number[]>;
  freeSeats: number[];
}

const EVERY_MS = 1000;

function resourcesOf({ machines, temporal }: SimulatedSystem, deployment: Deployment): Resource[] {
  const cores = (name: string, of: Processor): Resource => ({ name, busyMs: () => of.busyMs(), count: of.count });
  if (deployment.sharedCores !== null) return [cores('all cores', machines.api)];
  return [
    cores('API processes', machines.api),
    cores('PostgreSQL cores', machines.postgres),
    cores('relays', machines.relay),
    cores('Temporal cores', machines.temporal),
    cores('Temporal database cores', machines.temporalDatabase),
    { name: 'Temporal shards', busyMs: () => temporal.shardBusyMs(), count: deployment.temporalShards },
    cores('reservation workers', machines.workers),
    cores('document workers', machines.documents),
    cores('mail workers', machines.mail),
  ];
}

/** Reads a running simulation every second of its time. */
export function watch(system: SimulatedSystem, deployment: Deployment): Readings {
  const { simulation, api, postgres, actors, temporal, hall } = system;
  const resources = resourcesOf(system, deployment);
  const before = resources.map(({ busyMs }) => busyMs());
  const readings: Readings = { use: new Map(), queues: new Map(), freeSeats: [] };
  const note = (into: Map<string, number[]>, name: string, value: number): void => {
    const values = into.get(name);
    if (values) values.push(value);
    else into.set(name, [value]);
  };
  const read = (): void => {
    for (const [index, { name, busyMs, count }] of resources.entries()) {
      const now = busyMs();
      note(readings.use, name, (now - before[index]!) / (EVERY_MS * count));
      before[index] = now;
    }
    const { loop, pool } = api.waiting();
    const { workers, printing, mailing } = actors.waiting();
    note(readings.queues, 'requests before an event loop', loop);
    note(readings.queues, 'requests before a connection', pool);
    note(readings.queues, 'holds without an actor', postgres.outbox.starts.length);
    note(readings.queues, 'payments not rung', postgres.outbox.commands.length);
    note(readings.queues, 'tasks before a worker', workers);
    note(readings.queues, 'writes before a shard', temporal.waiting());
    note(readings.queues, 'tickets to print', printing);
    note(readings.queues, 'mails to send', mailing);
    readings.freeSeats.push(hall.freeSeats);
    simulation.after(EVERY_MS, read);
  };
  simulation.after(EVERY_MS, read);
  return readings;
}
