import { sql, type Database } from '../../src/db/database';

const DUMP = sql(
  'schema_dump',
  `with ours as (select oid, nspname from pg_namespace where nspname in ('public', 'test_provider'))
   select line from (
     select 1 as part, n.nspname || '.' || c.relname as what,
            'table ' || n.nspname || '.' || c.relname || coalesce(' with ' || c.reloptions::text, '') || E'\\n' ||
            string_agg('  ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
              || case a.attidentity when 'a' then ' generated always as identity' else '' end
              || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''), E'\\n' order by a.attnum) as line
       from pg_class c join ours n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relkind = 'r' and c.relname <> 'schema_migrations' group by n.nspname, c.relname, c.reloptions
     union all
     select 2, t.relname || '.' || k.conname, 'constraint ' || k.conname || ' on ' || t.relname || ': ' || pg_get_constraintdef(k.oid)
       from pg_constraint k join pg_class t on t.oid = k.conrelid join ours n on n.oid = t.relnamespace
      where k.contype in ('c', 'f', 'u', 'p') and t.relname <> 'schema_migrations'
     union all
     select 3, indexname, indexdef from pg_indexes where schemaname in ('public', 'test_provider') and tablename <> 'schema_migrations'
     union all
     select 4, t.tgname, pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid join ours n on n.oid = c.relnamespace
      where not t.tgisinternal
     union all
     select 5, p.proname, 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ') md5 ' || md5(p.prosrc)
       from pg_proc p join ours n on n.oid = p.pronamespace) dump
    order by part, what collate "C", line collate "C"`,
);

/** The schema as text: tables, constraints, indexes, triggers, and each function's fingerprint. */
export async function dumpSchema(db: Database): Promise<string> {
  const rows = await db.rows<{ line: string }>(DUMP);
  return `${rows.map((row) => row.line).join('\n')}\n`;
}
