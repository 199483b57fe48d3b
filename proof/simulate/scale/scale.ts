import type { Report } from '../../report/report';
import type { Table } from '../../product';
import type { UnitCosts } from '../model/costs';
import type { Deployment } from '../model/deployment';
import { estimateLoad, estimateRemains } from './estimate';
import { findings, fullestOf } from './findings';
import type { Goals } from './goals';
import { scaleReport, summaryTable, useTable } from './report';
import { runScale, type ScaleRun } from './run';
import { salesOf } from './sales';
import type { Scenario } from './scenario';
import { findSmallest } from './search';
import { FRONT_RESOURCES, FRONT_SECONDS, SIZES } from './sizes';
import { headroomTable, sweep, sweepTable } from './sweep';

export interface ScaleOptions {
  scenario: Scenario;
  deployment: Deployment;
  costs: UnitCosts;
  goals: Goals;
  seed: number;
  /** Whether the smallest deployment and the breaking points are looked for as well. */
  search: boolean;
  say: (line: string) => void;
}

export interface ScaleResult {
  run: ScaleRun;
  tables: Table[];
}

function loadTable(scenario: Scenario, costs: UnitCosts, goals: Goals): Table {
  const load = estimateLoad(scenario, goals, costs);
  return {
    title: 'The load, by multiplication',
    columns: ['what', 'value'],
    rows: [
      ['buyers who come a second, at the opening', load.peakArrivals],
      ['holds tried a second, at the peak', load.peakTries],
      ['seat maps to everybody who looks, compressed, Gbit/s at the peak', load.mapGbit],
      ['reservations, if every seat is held once', load.reservations],
      ['of them paid', load.paid],
      ['actors started a second, to keep up', load.adoptPerSecond],
      ['payments settled a second, to keep up', load.confirmPerSecond],
      ['tickets printed and mailed a second, to keep up', load.ticketsPerSecond],
    ],
  };
}

function remainsTable(scenario: Scenario, costs: UnitCosts, goals: Goals): Table {
  const remains = estimateRemains(estimateLoad(scenario, goals, costs), costs);
  return {
    title: 'Disk and actions',
    columns: ['what', 'value'],
    rows: [
      ['rows and indexes in PostgreSQL, GB', remains.postgresGb],
      ['tickets as PDF in PostgreSQL, GB', remains.pdfGb],
      ['write-ahead log, GB', remains.logGb],
      ['histories in Temporal until their retention ends, GB', remains.historyGb],
      ['actions that Temporal Cloud would bill', remains.actions],
      [
        'actions a second, at the pace that keeps up',
        remains.actions / (scenario.payingSeconds + goals.confirmSeconds),
      ],
    ],
    note: 'As if every reservation had one seat and were paid; each further seat adds rows and a page.',
  };
}

/** The connections to PostgreSQL that a deployment may open: every process's pool, and one more for each relay. */
function connectionsOf({ apiProcesses, relays, workers, documentWorkers, mailWorkers, pool }: Deployment): number {
  return (apiProcesses + relays + workers + documentWorkers + mailWorkers) * pool + relays;
}

function deploymentTable(columns: readonly [name: string, deployment: Deployment][]): Table {
  const of = (name: string, value: (deployment: Deployment) => number) => [
    name,
    ...columns.map(([, deployment]) => value(deployment)),
  ];
  return {
    title: 'Deployments',
    columns: ['what', ...columns.map(([name]) => name)],
    rows: [
      ...Object.entries(SIZES).map(([name, size]) => of(name, (deployment) => deployment[size])),
      of('database connections, at most', connectionsOf),
    ],
    note: 'A relay and an API process have one core each, other workers two.',
  };
}

/** The rush with and without a cache in front of the seat map. */
function mapTable(scenario: Scenario, deployment: Deployment, costs: UnitCosts, seed: number): Table {
  const rows = [true, false].map((mapsFromCache) => {
    const rush = { seed, untilSeconds: FRONT_SECONDS };
    const run = runScale(scenario, { ...deployment, mapsFromCache }, costs, rush);
    const { worstP99Ms, soldOutAtSecond } = findings(run);
    const fullest = fullestOf(run, (resource) => FRONT_RESOURCES.includes(resource));
    return [
      mapsFromCache ? 'from a cache' : 'from the API',
      worstP99Ms,
      fullest.resource,
      100 * fullest.peak,
      soldOutAtSecond ?? `not in ${FRONT_SECONDS} s`,
    ];
  });
  return {
    title: 'Where the seat map comes from',
    columns: ['seat map', 'answers p99, ms', 'fullest', 'use, %', 'all seats held after, s'],
    rows,
  };
}

/** Plays the sale, then looks for the smallest deployment and for what breaks first. */
export function scale({ scenario, deployment, costs, goals, seed, search, say }: ScaleOptions): ScaleResult {
  const run = runScale(scenario, deployment, costs, { seed });
  const tables = [
    summaryTable(run),
    useTable(run),
    loadTable(scenario, costs, goals),
    remainsTable(scenario, costs, goals),
    headroomTable(run),
  ];
  if (search) {
    tables.push(mapTable(scenario, deployment, costs, seed));
    say('the load is multiplied until something breaks');
    const sales = salesOf(run.crowd);
    tables.push(sweepTable(sweep(scenario, deployment, costs, { sales, goals, seed, progress: say })));
    say('the smallest deployment that keeps the goals is looked for');
    const smallest = findSmallest(scenario, deployment, costs, { goals, seed, sales });
    tables.push(
      deploymentTable([
        ['this one', deployment],
        ['by multiplication', smallest.estimated],
        ['smallest', smallest.deployment],
      ]),
    );
  }
  return { run, tables };
}

export const reportOf = ({ run, tables }: ScaleResult, costsFrom: string): Report =>
  scaleReport(run, tables, costsFrom);
