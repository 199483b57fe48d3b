import { createHash } from 'node:crypto';
import { addSeats, type AddResult } from '../../../db/event-edits';
import type { Database } from '../../../db/database';
import type { EventRecord } from '../../../db/events';
import { importSeats } from '../../../db/seat-import';
import { MAX_FAULTS, tellFault, type LineFault } from '../../../domain/seat-csv';
import {
  blocksOf,
  layOutBlocks,
  MAX_SEATS_PER_EVENT,
  type SectionDefinition,
} from '../../../domain/seat-map';
import { RESEND_KEY } from '../../examples';
import { locationHeader, revisionHeader } from '../../headers';
import {
  keyedRequest,
  keyParameter,
  KEY_PROBLEMS,
  keyReused,
  refuseKnownKey,
  replayedHeader,
  requiredKey,
} from '../../idempotency';
import { leftMs } from '../../middleware/answer';
import { mediaTypeOf } from '../../middleware/body';
import { etagOf } from '../../preconditions';
import { Problem, type FieldError } from '../../problem';
import { defineRoute } from '../../route';
import { event, eventParams, newSections } from './schema';

const CALL = 'addSections';
const CSV = 'text/csv';
const CSV_EXAMPLE = 'section,row,number,category,x,y\nBalcony,A,1,stalls,0,30\n';
/** A hundred thousand seats with coordinates. */
const SEATS_BODY_LIMIT = 16_000_000;
const MOST_NAMED = 20;

const invalid = (detail: string, errors: FieldError[]) =>
  new Problem('validation_failed', detail, { errors });

/** @throws Problem for a file that is said to be in another encoding */
function refuseOtherCharset(contentType: string): void {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  if (/^utf-?8$/i.test(charset)) return;
  throw new Problem(
    'unsupported_media_type',
    `The file is said to be ${charset.slice(0, 40)}: send CSV in UTF-8.`,
  );
}

function refusalOfFile(faults: readonly LineFault[]): Problem {
  const first = faults.slice(0, 3).map(tellFault).join('; ');
  const more = faults.length === MAX_FAULTS ? ` The first ${MAX_FAULTS} faults are named.` : '';
  return invalid(
    `Nothing was added. ${first}${faults.length > 3 ? '; …' : ''}${more}`,
    faults.map(({ line, message }) => ({ path: line === 0 ? '' : `line ${line}`, message })),
  );
}

function refusalOf(
  result: Exclude<AddResult, { kind: 'added' }>,
  sections: readonly SectionDefinition[],
): Problem {
  if (result.kind === 'too_many')
    return invalid(
      `An event has at most ${MAX_SEATS_PER_EVENT} seats, and there are ${result.there} already.`,
      [{ path: 'sections', message: `at most ${MAX_SEATS_PER_EVENT - result.there} more fit` }],
    );
  if (result.kind === 'unknown_categories')
    return invalid(
      `The event has no category ${result.codes.slice(0, MOST_NAMED).join(', ')}: add it first.`,
      sections.flatMap(({ category }, index) =>
        result.codes.includes(category)
          ? [{ path: `sections.${index}.category`, message: 'is not one of the categories' }]
          : [],
      ),
    );
  const labels = result.labels.slice(0, MOST_NAMED).join(', ');
  const message = `seat labels occur twice, with those that are there: ${labels}; rename a row or section`;
  return invalid(`Nothing was added: ${message}.`, [{ path: 'sections', message }]);
}

interface SectionsDeps {
  db: Database;
  /** Throws when there is no such event. */
  load: (event: string) => Promise<EventRecord>;
  present: (record: EventRecord) => object;
}

/** Adds seats to an event that may be on sale. */
export function sectionsRoute({ db, load, present }: SectionsDeps) {
  return defineRoute({
    method: 'post',
    path: '/v1/events/{event}/sections',
    operationId: CALL,
    tag: 'Events',
    summary: 'Add seats to an event',
    description:
      'As JSON, or as a CSV file in UTF-8 (`Content-Type: text/csv`) whose first line names its columns: section, row, number, category, and if you like x, y, accessible, companion. Lines of one section and row are neighbours in their order; a line without a number is an aisle, one without a row a place of general admission. All or none. Labels are made as for a new event; those that are there stay. Who listens to the live map is told to fetch it again.',
    access: ['operator'],
    params: eventParams,
    headers: {
      'Idempotency-Key': keyParameter(
        'With the same key again nothing is added. A UUID is best; it may be quoted.',
        RESEND_KEY,
      ),
    },
    body: newSections,
    otherBody: { contentType: CSV, example: CSV_EXAMPLE },
    bodyLimit: SEATS_BODY_LIMIT,
    responses: {
      201: {
        description: 'The event, which has them now',
        schema: event,
        headers: {
          Location: locationHeader("the event's map", '/v1/events/hamlet/seats'),
          ETag: revisionHeader,
          'Idempotency-Replayed': replayedHeader,
        },
      },
    },
    problems: ['not_found', ...KEY_PROBLEMS],
    async onInvalid({ params, caller, ctx }) {
      const { id } = await load(params.event);
      await refuseKnownKey(db, requiredKey(ctx), { caller, call: CALL, resource: id });
    },
    async handle({ params, body, rawBody, bytes, caller, ctx }) {
      const key = requiredKey(ctx);
      const { id, slug } = await load(params.event);
      const call = { caller, call: CALL, resource: id };
      const who = { actor: `operator:${caller.client}`, leftMs: () => leftMs(ctx) };
      const sections = mediaTypeOf(ctx) === CSV ? null : body.sections;
      let result;
      if (sections) {
        const blocks = blocksOf(sections);
        const request = keyedRequest(key, call, rawBody);
        result = await addSeats(db, id, (there) => layOutBlocks(blocks, there), who, request);
      } else {
        refuseOtherCharset(ctx.get('content-type'));
        const csv = createHash('sha256').update(bytes).digest('base64');
        result = await importSeats(db, id, bytes, who, keyedRequest(key, call, { csv }));
        if (result.kind === 'faults') {
          await refuseKnownKey(db, key, call);
          throw refusalOfFile(result.faults);
        }
      }
      if (result.kind === 'reused') throw keyReused();
      if (result.kind !== 'added' && result.kind !== 'replayed')
        throw refusalOf(result, sections ?? []);
      const shown = await load(id);
      return {
        status: 201,
        body: present(shown),
        headers: {
          location: `/v1/events/${slug}/seats`,
          etag: etagOf(shown.revision),
          ...(result.kind === 'replayed' && { 'idempotency-replayed': 'true' }),
        },
      };
    },
  });
}
