import type { Answer, Api } from './api';

/** What the pages show of an event. */
export interface EventShown {
  id: string;
  slug: string;
  name: string;
  venue: string | null;
  startsAt: string;
  timeZone: string;
  currency: string;
  salesOpenAt: string | null;
  salesCloseAt: string | null;
  maxSeatsPerReservation: number;
  categories: { code: string; name: string }[];
  salesPaused?: boolean;
}

interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
}

const MOST_PAGES = 25;

/** All of a list, page by page, up to 5,000. */
export async function listAll<Item>(api: Api, path: string): Promise<Answer<Item[]>> {
  const all: Item[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query: string = `limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const answer: Answer<Page<Item>> = await api<Page<Item>>(
      'GET',
      `${path}${path.includes('?') ? '&' : '?'}${query}`,
    );
    if (answer.kind !== 'answer') return answer;
    all.push(...answer.body.data);
    cursor = answer.body.nextCursor;
    if (cursor === null) break;
  }
  return { kind: 'answer', status: 200, body: all, etag: null };
}

export const listEvents = (api: Api): Promise<Answer<EventShown[]>> =>
  listAll<EventShown>(api, '/v1/events');
