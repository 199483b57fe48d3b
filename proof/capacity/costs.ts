/**
 * The unit costs: what one step of a reservation, or one answer, costs. CPU milliseconds are those of one core of the
 * machine that was measured; the end of a name says where the unit is another one.
 */
export const COSTS = {
  'api.hold': 'CPU ms of an API process: a hold (201)',
  'api.refused': 'CPU ms of an API process: a refused hold (409)',
  'api.payment': 'CPU ms of an API process: a payment webhook (200)',
  'api.map': 'CPU ms of an API process: the cached seat map of 20,000 seats, compressed (200)',
  'api.unchanged': 'CPU ms of an API process: a seat map that has not changed (304)',
  'api.map.thousand':
    'CPU ms of an API process: a seat map rebuilt after a change, per thousand seats',
  'postgres.hold': 'CPU ms of PostgreSQL: a hold',
  'postgres.refused': 'CPU ms of PostgreSQL: a refused hold',
  'postgres.payment': 'CPU ms of PostgreSQL: a payment webhook',
  'postgres.unchanged': 'CPU ms of PostgreSQL: the check whether a seat map has changed',
  'postgres.map.thousand': 'CPU ms of PostgreSQL: a seat map read again, per thousand seats',
  'postgres.adopt': 'CPU ms of PostgreSQL: a hold adopted by its actor, outbox claim included',
  'postgres.settle': 'CPU ms of PostgreSQL: an inbox settled, outbox claim included',
  'postgres.deliver': 'CPU ms of PostgreSQL: a delivery',
  'relay.start': 'CPU ms of a relay: an actor started',
  'relay.ring': 'CPU ms of a relay: an actor rung',
  'temporal.adopt': 'CPU ms of the Temporal server: from the start to the adopted hold',
  'temporal.settle': 'CPU ms of the Temporal server: from the ring to `confirmed`',
  'temporal.deliver': 'CPU ms of the Temporal server: from `confirmed` to the end of the actor',
  'temporal.database.adopt': "CPU ms of Temporal's PostgreSQL: from the start to the adopted hold",
  'temporal.database.settle': "CPU ms of Temporal's PostgreSQL: from the ring to `confirmed`",
  'temporal.database.deliver':
    "CPU ms of Temporal's PostgreSQL: from `confirmed` to the end of the actor",
  'temporal.adopt.writes': 'writes under the shard lock: from the start to the adopted hold',
  'temporal.settle.writes': 'writes under the shard lock: from the ring to `confirmed`',
  'temporal.deliver.writes':
    'writes under the shard lock: from `confirmed` to the end of the actor',
  'temporal.write.ms': 'milliseconds of one write under the shard lock',
  'worker.adopt': 'CPU ms of a reservations worker: a hold adopted',
  'worker.settle': 'CPU ms of a reservations worker: an inbox settled',
  'worker.deliver': 'CPU ms of a reservations worker: a delivery',
  'documents.print': 'CPU ms of a documents worker and its browser: the tickets of a reservation',
  'mail.send': 'CPU ms of a mail worker: a mail',
  'memory.api.mb': 'MB of an API process, the most seen',
  'memory.relay.mb': 'MB of a relay, the most seen',
  'memory.worker.mb': 'MB of a reservations worker, the most seen, its workflow cache full',
  'memory.documents.mb': 'MB of a documents worker and its browser, the most seen',
  'memory.mail.mb': 'MB of a mail worker, the most seen',
  'memory.connection.mb': 'MB of a PostgreSQL connection, without shared buffers',
  'memory.temporal.mb': 'MB of the Temporal server, the most seen, with 1,800 open reservations',
  'disk.reservation.bytes':
    'bytes in PostgreSQL: a sold reservation of one seat, indexes included, without the PDF',
  'disk.pdf.bytes': 'bytes in PostgreSQL: the tickets as a PDF of one page',
  'disk.log.bytes': 'bytes of write-ahead log: a reservation from the hold to the end',
  'history.bytes': 'bytes in Temporal: the history of a reservation',
  'history.events': 'events of that history',
  'history.actions': 'actions of that history that Temporal Cloud bills',
  'map.seat.bytes': 'bytes of the compressed seat map, per seat',
} as const;

/** Seats of the event whose cached map is measured as `api.map`. */
export const MEASURED_MAP_SEATS = 20_000;

export type CostName = keyof typeof COSTS;
export type UnitCosts = Readonly<Record<CostName, number>>;
export type Measured = Partial<Record<CostName, number>>;
