import { isUuid } from '../domain/uuid';
import { sql, violatedConstraint, type Database, type Queryable } from './database';
import { oncePerKey, type KeyedRequest, type KnownKey } from './request-keys';

/** What a promo code does, and when. */
interface CodeRules {
  categories: string[] | null;
  /** An exact decimal. */
  percent: string | null;
  /** Minor units, with `currency`. */
  amount: number | null;
  currency: string | null;
  maxUses: number | null;
  maxUsesPerBuyer: number | null;
  /** RFC 3339, as the other times. */
  validFrom: string | null;
  validUntil: string | null;
  salesOpenAt: string | null;
}

/** A promo code as the API shows it. */
export interface CodeRecord extends CodeRules {
  id: string;
  code: string;
  /** The slug of the only event; null: every event. */
  event: string | null;
  /** Reservations that have it now. */
  uses: { held: number; used: number };
  revision: number;
  createdAt: string;
}

export interface NewCode extends CodeRules {
  /** Normalised. */
  code: string;
  eventId: string | null;
}

/** The rules of a code that takes nothing off, for any order, at any time. */
export const NO_CODE_RULES = {
  eventId: null,
  categories: null,
  percent: null,
  amount: null,
  currency: null,
  maxUses: null,
  maxUsesPerBuyer: null,
  validFrom: null,
  validUntil: null,
  salesOpenAt: null,
} as const satisfies Partial<NewCode>;

const CODE = `jsonb_build_object('id', k.id, 'code', k.code, 'event', (select slug from events e where e.id = k.event_id), 'categories', k.categories,
  'percent', trim_scale(k.percent)::text, 'amount', k.amount, 'currency', k.currency, 'maxUses', k.max_uses,
  'maxUsesPerBuyer', k.max_uses_per_buyer, 'validFrom', rfc3339(k.valid_from), 'validUntil', rfc3339(k.valid_until),
  'salesOpenAt', rfc3339(k.sales_open_at), 'revision', k.revision, 'createdAt', rfc3339(k.created_at),
  'uses', (select jsonb_build_object(
       'held', count(*) filter (where status_now(r.status, r.hold_ends_at, r.paid_in_time_at) = 'held'),
       'used', count(*) filter (where r.status = 'confirmed')) from reservations r where r.code_id = k.id)) as code`;

const FIND = sql<{ code: CodeRecord }>(
  'code_find',
  `select ${CODE} from codes k where k.code = $1 or k.id = $2`,
);

/** A code by its id or by itself, normalised. */
export async function findCode(db: Queryable, idOrCode: string): Promise<CodeRecord | null> {
  const [row] = await db.rows(FIND, [idOrCode, isUuid(idOrCode) ? idOrCode : null]);
  return row?.code ?? null;
}

const PAGE = sql<{ code: CodeRecord; at: string }>(
  'codes_page',
  `select ${CODE}, rfc3339_us(k.created_at) as at from codes k where (k.created_at, k.id) < ($1, $2::uuid)
    order by k.created_at desc, k.id desc limit $3`,
);
const NEWEST = { at: 'infinity', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };

/** One page of codes, newest first, after the given position. */
export async function listCodes(
  db: Queryable,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ code: CodeRecord; at: string }[]> {
  const { at, id } = after ?? NEWEST;
  return db.rows(PAGE, [at, id, limit]);
}

const INSERT = sql<{ id: string }>(
  'code_insert',
  `insert into codes (code, event_id, categories, percent, amount, currency, max_uses, max_uses_per_buyer, valid_from, valid_until, sales_open_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id`,
);
const ADD_USES = sql(
  'code_add_uses',
  'insert into code_uses (code_id, number) select $1, number from generate_series($2::integer, $3::integer) number',
);

const valuesOf = (code: NewCode): unknown[] => [
  code.eventId,
  code.categories,
  code.percent,
  code.amount,
  code.currency,
  code.maxUses,
  code.maxUsesPerBuyer,
  code.validFrom,
  code.validUntil,
  code.salesOpenAt,
];

/** Makes a code with all its uses, once for its key. */
export async function createCode(
  db: Database,
  code: NewCode,
  request: KeyedRequest | null,
): Promise<{ kind: 'created'; id: string } | { kind: 'code_taken' } | KnownKey> {
  try {
    return await db.transaction((tx) =>
      oncePerKey<{ kind: 'created'; id: string }>(
        tx,
        request,
        async () => {
          const [row] = await tx.rows(INSERT, [code.code, ...valuesOf(code)]);
          if (code.maxUses !== null) await tx.run(ADD_USES, [row!.id, 1, code.maxUses]);
          return { kind: 'created', id: row!.id };
        },
        ({ id }) => id,
      ),
    );
  } catch (error) {
    if (violatedConstraint(error) === 'codes_code_unique') return { kind: 'code_taken' };
    throw error;
  }
}

const LOCK = sql<{ revision: number; max_uses: number | null }>(
  'code_lock',
  'select revision, max_uses from codes where id = $1 for update',
);
const UPDATE = sql(
  'code_update',
  `update codes set event_id = $2, categories = $3, percent = $4, amount = $5, currency = $6, max_uses = $7, max_uses_per_buyer = $8,
          valid_from = $9, valid_until = $10, sales_open_at = $11, revision = revision + 1 where id = $1`,
);
const DROP_USES = sql('code_drop_uses', 'delete from code_uses where code_id = $1');
/** What is under way with a reservation that has the code ends first, and what comes then finds the limit. */
const LOCK_RESERVATIONS = sql(
  'code_lock_reservations',
  // One that has ended may be about to be confirmed by a late payment.
  `select count(*) from (select from reservations r where code_id = $1 and (status in ('held', 'confirmed')
        or exists (select from inbox i where i.reservation_id = r.id and i.handled_at is null)) order by id for share) locked`,
);
/** Rows of the uses that there are, once the code gets a limit. */
const COUNT_USES = sql(
  'code_count_uses',
  `insert into code_uses (code_id, number, status, reservation_id, hold_ends_at)
   select $1, row_number() over (order by r.created_at, r.id), case r.status when 'held' then 'held' else 'used' end, r.id,
          case when r.status = 'held' then case when r.paid_in_time_at is null then r.hold_ends_at else 'infinity' end end
     from reservations r where r.code_id = $1 and status_now(r.status, r.hold_ends_at, r.paid_in_time_at) in ('held', 'confirmed')`,
);
const USES = sql<{ uses: number; highest: number }>(
  'code_uses_now',
  'select count(*) as uses, coalesce(max(number), 0) as highest from code_uses where code_id = $1',
);
const DROP_FREE = sql(
  'code_drop_free',
  `delete from code_uses where code_id = $1 and number in (
     select number from code_uses where code_id = $1 and (status = 'free' or (status = 'held' and hold_ends_at <= clock_timestamp()))
      order by number desc limit $2 for update)`,
);

/** Makes as many uses as the code may have. @returns whether no more than that are taken */
async function fitUses(
  tx: Queryable,
  id: string,
  before: number | null,
  maxUses: number | null,
): Promise<boolean> {
  if (maxUses === before) return true;
  if (maxUses === null) {
    await tx.run(DROP_USES, [id]);
    return true;
  }
  if (before === null) {
    await tx.run(LOCK_RESERVATIONS, [id]);
    await tx.run(COUNT_USES, [id]);
  }
  const [now] = await tx.rows(USES, [id]);
  const { uses, highest } = now!;
  if (uses <= maxUses) {
    await tx.run(ADD_USES, [id, highest + 1, highest + maxUses - uses]);
    return true;
  }
  return (await tx.run(DROP_FREE, [id, uses - maxUses])) === uses - maxUses;
}

class TooFewUses extends Error {}

/**
 * Changes a code; holds that begin after the commit are held to it.
 * @param revision the one that the change was made from
 */
export async function updateCode(
  db: Database,
  id: string,
  revision: number,
  code: NewCode,
): Promise<'updated' | 'changed_since' | 'in_use'> {
  try {
    return await db.transaction(async (tx) => {
      const [known] = await tx.rows(LOCK, [id]);
      if (known?.revision !== revision) return 'changed_since';
      if (!(await fitUses(tx, id, known.max_uses, code.maxUses))) throw new TooFewUses();
      await tx.run(UPDATE, [id, ...valuesOf(code)]);
      return 'updated';
    });
  } catch (error) {
    if (error instanceof TooFewUses) return 'in_use';
    throw error;
  }
}
