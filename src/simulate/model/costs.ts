/**
 * What one thing costs: CPU milliseconds of the machine that it was measured on unless the name's end says otherwise.
 * A "confirm" is everything from the ring to the end of the actor but printing and mailing themselves.
 */
export const COSTS = {
  'api.hold': 'CPU ms of an API process, a hold (201)',
  'api.refused': 'CPU ms of an API process, a refused hold (409)',
  'api.payment': 'CPU ms of an API process, a payment webhook (200)',
  'api.map': 'CPU ms of an API process, a whole seat map, compressed, that is in its cache',
  'api.map.seat': 'CPU ms of an API process, a seat of a map that is made anew',
  'api.unchanged': 'CPU ms of an API process, a seat map that has not changed (304)',
  'postgres.hold': 'CPU ms of PostgreSQL, a hold',
  'postgres.refused': 'CPU ms of PostgreSQL, a refused hold',
  'postgres.payment': 'CPU ms of PostgreSQL, a payment',
  'postgres.unchanged': 'CPU ms of PostgreSQL, a look whether a seat map has changed',
  'postgres.map.seat': 'CPU ms of PostgreSQL, a seat of a map that is read anew',
  'postgres.adopt': 'CPU ms of PostgreSQL, an actor that adopts its hold, claim of the outbox included',
  'postgres.settle': 'CPU ms of PostgreSQL, an inbox that is settled, claim of the outbox included',
  'postgres.deliver': 'CPU ms of PostgreSQL, a delivery',
  'postgres.flush.ms': 'milliseconds that a commit waits for the disk',
  'relay.start': 'CPU ms of a relay, an actor started',
  'relay.ring': 'CPU ms of a relay, an actor rung',
  'temporal.adopt': 'CPU ms of Temporal, from the start to the adopted hold',
  'temporal.settle': 'CPU ms of Temporal, from the ring to `confirmed`',
  'temporal.deliver': 'CPU ms of Temporal, from `confirmed` to the end of the actor',
  'temporal.adopt.writes': 'writes under the shard lock, from the start to the adopted hold',
  'temporal.settle.writes': 'writes under the shard lock, from the ring to `confirmed`',
  'temporal.deliver.writes': 'writes under the shard lock, from `confirmed` to the end',
  'temporal.write.ms': 'milliseconds of such a write',
  'worker.adopt': 'CPU ms of a reservations worker, an adopted hold',
  'worker.settle': 'CPU ms of a reservations worker, a settled inbox',
  'worker.deliver': 'CPU ms of a reservations worker, a delivery',
  'worker.busiest.share': 'share of that in the busiest thread of the process',
  'documents.print': 'CPU ms of a documents worker and its browser, the tickets of a reservation',
  'mail.send': 'CPU ms of a mail worker, a mail',
  'mail.catcher': 'CPU ms of the mail catcher of the embedded default, a mail; only in a check',
  'rest.cores': 'cores that all parts together use at rest; only in a check',
  'client.request': 'CPU ms of the load generator, a request; only in a check',
  'disk.reservation.bytes': 'bytes in PostgreSQL of a sold reservation of one seat, indexes included, without the PDF',
  'disk.pdf.bytes': 'bytes in PostgreSQL of the tickets as a PDF, one page',
  'disk.log.bytes': 'bytes of write-ahead log, a reservation from the hold to the end',
  'history.bytes': 'bytes of a history in Temporal, from the hold to the end',
  'history.events': 'events of that history',
  'history.actions': 'billable actions of that history',
  'map.seat.bytes': 'bytes of the compressed seat map, a seat',
  'wake.ms':
    'milliseconds from one process to the next on a quiet machine: a quiet hold less its parts, over four such hops',
  'quiet.hold.ms': 'milliseconds of a hold on a quiet machine, median',
  'quiet.adopt.ms': 'milliseconds from the hold to its adoption on a quiet machine, median',
  'quiet.confirm.ms': 'milliseconds from the webhook to `confirmed` on a quiet machine, median',
} as const;

export type CostName = keyof typeof COSTS;
export type UnitCosts = Readonly<Record<CostName, number>>;
