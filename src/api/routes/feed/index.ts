import type { Context } from 'koa';
import { z } from 'zod';
import type { Database } from '../../../db/database';
import {
  readFeed,
  readFeedEnds,
  type FeedPlace,
  type FeedReader,
  type FeedRecord,
} from '../../../db/feed';
import type { Caller } from '../../../db/keys';
import { feedData } from '../../../domain/feed-data';
import { HISTORY_TYPES } from '../../../domain/history-types';
import { encodeFeedCursor } from '../../cursor';
import { HELD_RESERVATION, RESERVATION_ID } from '../../examples';
import type { FeedWatch } from '../../feed-watch';
import { unhurried } from '../../middleware/answer';
import { Problem, type ProblemCode } from '../../problem';
import { defineRoute } from '../../route';
import { feedCursorOrNow, openEnum, timestamp, wholeNumber } from '../../schemas';

const MOST = 500;
const LONGEST_WAIT_SECONDS = 30;

export interface FeedRouteDeps {
  db: Database;
  feedWatch: FeedWatch;
}

const entry = z
  .object({
    sequence: z
      .int()
      .meta({ description: 'Grows by one for each entry of the system, whoever is told of it' }),
    at: timestamp,
    type: openEnum(HISTORY_TYPES),
    actor: z
      .string()
      .meta({ description: 'Who did it, as `client:NAME`, `operator:NAME` or `system`' }),
    reservation: z.string().nullable(),
    event: z.string().nullable().meta({ description: 'Its slug; null for an order of several' }),
    revision: z.int().nullable().meta({
      description: 'Of the reservation, or of the event, about when it happened; it grows',
    }),
    data: z.record(z.string(), z.unknown()).meta({
      description: 'By type. Never a buyer, a reference, metadata or free text',
    }),
  })
  .meta({
    id: 'FeedEntry',
    examples: [
      {
        sequence: 4711,
        at: HELD_RESERVATION.createdAt,
        type: 'reservation.held',
        actor: 'client:shop',
        reservation: RESERVATION_ID,
        event: 'hamlet',
        revision: 1,
        data: { seats: ['A-1', 'A-2'], expiresAt: HELD_RESERVATION.expiresAt },
      },
    ],
  });

const feed = z
  .object({
    data: z.array(entry),
    next: z.string().meta({ description: '`after` of the next call, always' }),
  })
  .meta({ id: 'Feed', examples: [{ data: [], next: '000000000004711.9f86d081' }] });

/** Who is told what: an operator of all, a client of its own and of every event. */
const readerOf = ({ role, client }: Caller): FeedReader => (role === 'operator' ? null : client);

/** What a call from a place that is not in the feed any more is refused for. */
export const PLACE_PROBLEMS = [
  'feed_truncated',
  'feed_reset',
] as const satisfies readonly ProblemCode[];

/** The problem of a place of which nothing can be read on. */
export const lostPlace = (kind: 'truncated' | 'reset') =>
  kind === 'truncated'
    ? new Problem(
        'feed_truncated',
        'Entries behind `after` are deleted. Read what you keep anew, then begin without `after`.',
      )
    : new Problem(
        'feed_reset',
        'The database was restored to a time before `after`. Read what you keep anew, then begin with `after=now`.',
      );

const present = ({ mark: _mark, ...shown }: FeedRecord) => ({
  ...shown,
  data: feedData(shown.type, shown.data),
});

/** Aborted when the client hangs up. */
function hangUpOf(ctx: Context): AbortSignal {
  const gone = new AbortController();
  ctx.res.once('close', () => gone.abort());
  return gone.signal;
}

/** The feed: all that happens, in the order in which it was committed. */
export function feedRoutes({ db, feedWatch }: FeedRouteDeps) {
  async function placeOf(after: FeedPlace | 'now' | undefined): Promise<FeedPlace> {
    if (after !== undefined && after !== 'now') return after;
    const { first, last } = await readFeedEnds(db);
    return after === 'now' ? last : first;
  }

  return [
    defineRoute({
      method: 'get',
      path: '/v1/feed',
      operationId: 'readFeed',
      tag: 'Feed',
      summary: 'What happens, in order',
      description:
        "A client's own reservations and every event; for an operator all. Read on with `next`: nothing is left out, and nothing ever appears below a number that was read. Kept for 90 days.",
      access: ['client'],
      query: z.strictObject({
        after: feedCursorOrNow.optional().meta({
          description:
            '`next` of the call before; `now` begins at the end, none at the beginning of what is kept',
        }),
        limit: z
          .preprocess(wholeNumber, z.int().min(1).max(MOST))
          .default(100)
          .meta({ description: 'Entries at most' }),
        wait: z
          .preprocess(
            (value) => (value === '0' ? 0 : wholeNumber(value)),
            z.int().min(0).max(LONGEST_WAIT_SECONDS),
          )
          .default(0)
          .meta({ description: 'Seconds to wait for an entry where there is none' }),
      }),
      responses: { 200: { description: 'What comes next; without news none', schema: feed } },
      problems: [...PLACE_PROBLEMS],
      async handle({ query, caller, ctx, pause }) {
        const reader = readerOf(caller);
        const until = performance.now() + query.wait * 1000;
        const gone = hangUpOf(ctx);
        let place = await placeOf(query.after);
        for (;;) {
          const page = await readFeed(db, reader, place, query.limit);
          if (page.kind !== 'page') throw lostPlace(page.kind);
          const { entries, head } = page;
          place = entries.length === query.limit ? entries.at(-1)! : head;
          const leftMs = until - performance.now();
          const how =
            entries.length > 0 || leftMs <= 0
              ? 'over'
              : await pause(() =>
                  unhurried(ctx, () =>
                    feedWatch.wait({ client: caller.client, reader }, place, leftMs, gone),
                  ),
                );
          if (how === 'full')
            throw new Problem('rate_limited', 'Too many wait here: read without `wait`.', {
              headers: { 'retry-after': '5' },
            });
          if (how === 'over')
            return {
              status: 200,
              body: { data: entries.map(present), next: encodeFeedCursor(place) },
            };
        }
      },
    }),
  ];
}
