import type { Table } from '../product';
import type { UnitCosts } from './costs';
import {
  estimateDeployment,
  estimateLoad,
  estimateMaps,
  estimateStorage,
  type Part,
  type Sale,
} from './estimate';

const number = (value: number): string => value.toLocaleString('en-GB');

/** "1,000,000 buyers, 60,000 seats, 10 minutes" */
export const describeSale = ({ buyers, seats, minutes }: Sale): string =>
  `${number(buyers)} buyers, ${number(seats)} seats, ${number(minutes)} minutes`;

function deploymentTable(parts: readonly Part[]): Table {
  const sum = (name: 'processes' | 'processors' | 'connections'): number =>
    parts.reduce((total, part) => total + part[name], 0);
  return {
    title: 'The deployment',
    columns: ['part', 'processes', 'processors', 'database connections', 'memory, GB'],
    rows: [
      ...parts.map(({ name, processes, processors, connections, memoryGb }) => [
        name,
        processes,
        processors,
        connections || '',
        memoryGb ?? '',
      ]),
      ['total', sum('processes'), sum('processors'), sum('connections'), ''],
    ],
    note: "PostgreSQL's memory is that of the connections; shared buffers come on top. Temporal's memory was not measured at this size.",
  };
}

/** The answers to "what does this sale need?", by multiplication. */
export function capacityTables(
  sale: Sale,
  costs: UnitCosts,
): { rates: Table; deployment: Table; storage: Table } {
  const load = estimateLoad(sale);
  const maps = estimateMaps(sale, load, costs);
  const { parts, shards } = estimateDeployment(sale, load, costs);
  const storage = estimateStorage(load, costs);
  return {
    rates: {
      title: 'Rates',
      columns: ['what', 'value'],
      rows: [
        ['buyers a second, at the opening', load.arrivalsPerSecond],
        ['hold requests a second, at the opening', load.triesPerSecond],
        ['of them held', load.holdsPerSecond],
        ['of them refused', load.refusedPerSecond],
        ['reservations, if every seat is held once', load.reservations],
        ['of them paid', load.paid],
        ['actors started a second', load.adoptedPerSecond],
        ['payments settled a second', load.paidPerSecond],
        ['tickets printed and mailed a second', load.ticketsPerSecond],
        ['seat maps read a second, at the opening', load.mapsPerSecond],
        ['Gbit/s of seat maps, compressed', maps.gigabits],
        ['API processors more, if no cache answers them', maps.apiProcessors],
        ['CPU ms of an API process for each rebuilt map', maps.rebuildApiMs],
        ['CPU ms of PostgreSQL for each rebuilt map', maps.rebuildPostgresMs],
      ],
    },
    deployment: deploymentTable(parts),
    storage: {
      title: 'Temporal and storage',
      columns: ['what', 'value'],
      rows: [
        ['Temporal shards', shards],
        ['actions that Temporal Cloud would bill', storage.actions],
        ['histories in Temporal until their retention ends, GB', storage.historyGb],
        ['rows and indexes in PostgreSQL, GB', storage.postgresGb],
        ['tickets as PDF in PostgreSQL, GB', storage.pdfGb],
        ['write-ahead log, GB', storage.logGb],
      ],
      note: 'As if every reservation had one seat; each further seat adds rows and a page.',
    },
  };
}
