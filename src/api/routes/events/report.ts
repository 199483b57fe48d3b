import { z } from 'zod';
import type { Database } from '../../../db/database';
import type { EventRecord } from '../../../db/events';
import { databaseNow, readReport } from '../../../db/report';
import { Problem } from '../../problem';
import { defineRoute } from '../../route';
import { timestampInput } from '../../schemas';
import { presentReport, reportAsCsv } from './report-presenter';
import { CSV_EXAMPLE, report } from './report-schema';
import { eventParams } from './schema';

const CSV = 'text/csv';
const varyHeader = z
  .string()
  .meta({ description: 'The answer depends on `Accept`', examples: ['Accept'] });

/** @throws Problem for a time that has not come by the database's clock: its figures would still change */
function refuseFuture(asOf: string, now: string): void {
  if (Date.parse(asOf) <= Date.parse(now)) return;
  throw new Problem('validation_failed', `asOf must not lie in the future; it is ${now} here.`, {
    errors: [{ path: 'asOf', message: 'must not lie in the future' }],
  });
}

/** What an event's accounts come to at a moment. @param load throws when there is no such event */
export function reportRoute(db: Database, load: (event: string) => Promise<EventRecord>) {
  return defineRoute({
    method: 'get',
    path: '/v1/events/{event}/report',
    operationId: 'getReport',
    tag: 'Events',
    summary: 'What was sold, and where the money is',
    description:
      'By the entries of the ledger at or before `asOf`, and the seats that were held then. `Accept: text/csv` gives it as CSV: a row for each line, fee and total, amounts in minor units. Of an order of several events each has its part; its payments and refunds are shared in proportion to what each event costs.',
    access: ['operator'],
    params: eventParams,
    query: z.strictObject({
      asOf: timestampInput
        .optional()
        .meta({ description: 'RFC 3339, not in the future. Absent: now' }),
    }),
    responses: {
      200: {
        description: 'The report',
        schema: report,
        alternative: { contentType: CSV, example: CSV_EXAMPLE },
        headers: { Vary: varyHeader },
      },
    },
    problems: ['not_found'],
    async handle({ params, query, ctx }) {
      const { id, slug, currency } = await load(params.event);
      const now = await databaseNow(db);
      const asOf = query.asOf ?? now;
      refuseFuture(asOf, now);
      const body = presentReport(await readReport(db, id, asOf), { event: slug, asOf, currency });
      const headers = { vary: 'Accept' };
      return ctx.accepts('application/json', CSV) === CSV
        ? { status: 200, headers, body: reportAsCsv(body), type: CSV }
        : { status: 200, headers, body };
    },
  });
}
