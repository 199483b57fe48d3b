import type { Queryable, Statement } from './database';

/** The conditions of one filter, by form. Each takes as many parameters as its form has values. */
type Forms = Record<string, (...params: string[]) => string>;

/** How one filter is asked for: in which form, and with which values. */
export interface Asked {
  form: string;
  values: readonly unknown[];
}

interface Parts {
  /** `where …` with the conditions of what is asked for, or nothing. */
  where: string;
  limit: string;
  /** The form of each filter, in the order of the filters. */
  chosen: readonly (string | null)[];
}

/**
 * A list that can be asked for in several ways: one statement for each combination of forms, with
 * the conditions of what is present alone. So each has the plan of what it asks, with any values.
 * @param make names the statement of a combination
 */
export function createList<Row>(
  filters: readonly Forms[],
  make: (combination: string, text: string) => Statement<Row>,
  text: (parts: Parts) => string,
): (db: Queryable, asked: readonly (Asked | null)[], limit: number) => Promise<Row[]> {
  const statements = new Map<string, Statement<Row>>();
  for (const chosen of combinationsOf(filters)) {
    let used = 0;
    const param = () => `$${++used}`;
    const conditions = chosen.flatMap((form, index) => {
      const condition = form === null ? undefined : filters[index]![form];
      return condition ? [condition(...Array.from({ length: condition.length }, param))] : [];
    });
    const stated = conditions.filter((condition) => condition !== '');
    const where = stated.length === 0 ? '' : `where ${stated.join(' and ')}`;
    const name = nameOf(chosen);
    statements.set(name, make(name, text({ where, limit: param(), chosen })));
  }
  return (db, asked, limit) => {
    const statement = statements.get(nameOf(asked.map((one) => one?.form ?? null)))!;
    return db.rows(statement, [...asked.flatMap((one) => one?.values ?? []), limit]);
  };
}

const nameOf = (chosen: readonly (string | null)[]): string =>
  chosen.filter((form) => form !== null).join('_') || 'all';

function combinationsOf(filters: readonly Forms[]): (string | null)[][] {
  const [first, ...rest] = filters;
  if (!first) return [[]];
  const others = combinationsOf(rest);
  return [null, ...Object.keys(first)].flatMap((form) => others.map((other) => [form, ...other]));
}

/** A filter with one form, asked for by its value; null where it is not asked for. */
export const asked = (form: string, value: unknown): Asked | null =>
  value === undefined || value === null ? null : { form, values: [value] };

/** The page behind a place. */
export const askedAfter = (after: { at: string; id: string } | null): Asked | null =>
  after && { form: 'after', values: [after.at, after.id] };
