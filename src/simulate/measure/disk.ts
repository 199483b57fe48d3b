import { sql } from '../../db/database';
import type { RealSystem } from '../real/system';
import type { CostName } from '../model/costs';

const SIZES = sql(
  'relation_sizes',
  `select coalesce(sum(pg_total_relation_size(oid)) filter (where relname <> 'ticket_documents'), 0)::float8 as rows,
          coalesce(sum(pg_total_relation_size(oid)) filter (where relname = 'ticket_documents'), 0)::float8 as pdf,
          (pg_current_wal_insert_lsn() - '0/0')::float8 as log
     from pg_class where relkind = 'r' and relnamespace in ('public'::regnamespace, 'test_provider'::regnamespace)
      and relname not in ('outbox', 'seats')`,
);
const TIDY = sql('tidy', 'vacuum');

type Bytes = Record<'rows' | 'pdf' | 'log', number>;

async function read({ db }: RealSystem): Promise<Bytes> {
  await db.run(TIDY);
  const [sizes] = await db.rows<Bytes>(SIZES);
  return sizes!;
}

/** Notes how big the database is, to say later by how much it grew for each reservation. */
export async function measureDisk(
  system: RealSystem,
): Promise<{ perReservation(count: number): Promise<Partial<Record<CostName, number>>> }> {
  const before = await read(system);
  return {
    async perReservation(count) {
      const after = await read(system);
      const each = (name: keyof Bytes) => (after[name] - before[name]) / count;
      return {
        'disk.reservation.bytes': each('rows'),
        'disk.pdf.bytes': each('pdf'),
        'disk.log.bytes': each('log'),
      };
    },
  };
}
