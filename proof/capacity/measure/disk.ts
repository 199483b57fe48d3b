import { sql } from '../../product';
import type { Measured } from '../costs';
import type { MeasuredSystem } from './system';

const SIZES = sql(
  'relation_sizes',
  `select coalesce(sum(pg_total_relation_size(oid)) filter (where relname <> 'ticket_documents'), 0)::float8 as rows,
          coalesce(sum(pg_total_relation_size(oid)) filter (where relname = 'ticket_documents'), 0)::float8 as pdf,
          (pg_current_wal_insert_lsn() - '0/0')::float8 as log
     from pg_class where relkind = 'r' and relnamespace in ('public'::regnamespace, 'test_provider'::regnamespace)
      and relname not in ('outbox', 'seats')`,
);
const TIDY = sql('tidy', 'vacuum');

export type Bytes = Record<'rows' | 'pdf' | 'log', number>;

/** How big the database is by now, and how much it has ever written to its log. */
export async function readDisk({ db }: MeasuredSystem): Promise<Bytes> {
  await db.run(TIDY);
  const [sizes] = await db.rows<Bytes>(SIZES);
  return sizes!;
}

/** What a sold reservation takes: its part of what the holds took, and of what the sales took after them. */
export function diskPerSale(
  [before, held, sold]: readonly [Bytes, Bytes, Bytes],
  counts: { holds: number; sales: number },
): Measured {
  const each = (name: keyof Bytes): number =>
    (held[name] - before[name]) / counts.holds + (sold[name] - held[name]) / counts.sales;
  return {
    'disk.reservation.bytes': each('rows'),
    'disk.pdf.bytes': each('pdf'),
    'disk.log.bytes': each('log'),
  };
}
