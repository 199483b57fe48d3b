import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Database } from '../db/database';
import {
  readLayout,
  readSnapshot,
  readStatuses,
  SEAT_STATUS,
  type MapSeat,
  type SeatLetter,
} from '../db/seat-map';

const compress = promisify(gzip);
const CACHED_EVENTS = 50;
const GZIP_LEVEL = 3;

/** The seats of one event as they are at one moment. */
export interface SeatPicture {
  etag: string;
  /** One letter a seat, in the order of the layout. */
  letters: string;
  layout: readonly MapSeat[];
}

interface Entry {
  layout: MapSeat[];
  picture: SeatPicture;
  /** The database's snapshot before the picture was read; the same snapshot shows the same picture. */
  snapshot: string;
  /** By this process's monotonic clock; a hold's end changes the picture without a write. */
  goodUntil: number;
}

export interface SeatMaps {
  /** How the seats are now. Never older than the call: a read after a write sees it. */
  read(eventId: string): Promise<SeatPicture>;
  /** The picture as JSON, and compressed; each made once. */
  body(picture: SeatPicture): { json: string; gzipped: () => Promise<Buffer> };
}

export const statusOf = (letter: string) => SEAT_STATUS[letter as SeatLetter];

/**
 * Seat maps, kept as long as the database's snapshot stays the same: where nothing is written a request costs one tiny
 * read, and a picture is never stale. Requests that come while a picture is being read share the next one.
 */
export function createSeatMaps(db: Database): SeatMaps {
  const entries = new Map<string, Entry>();
  const current = new Map<string, Promise<SeatPicture>>();
  const queued = new Map<string, Promise<SeatPicture>>();
  const bodies = new WeakMap<SeatPicture, { json: string; gzipped: () => Promise<Buffer> }>();

  async function refresh(eventId: string): Promise<SeatPicture> {
    const known = entries.get(eventId);
    const snapshot = await readSnapshot(db);
    if (known?.snapshot === snapshot && performance.now() < known.goodUntil) return known.picture;
    const asked = performance.now();
    // Seats are never added to an event, so its layout is read once.
    const layout = known?.layout ?? (await readLayout(db, eventId));
    const { letters, nextEndInMs } = await readStatuses(db, eventId);
    const etag = `"${createHash('sha1').update(eventId).update(letters).digest('base64url')}"`;
    const picture = known?.picture.etag === etag ? known.picture : { etag, letters, layout };
    entries.delete(eventId);
    entries.set(eventId, {
      layout,
      picture,
      snapshot,
      goodUntil: asked + (nextEndInMs ?? Infinity),
    });
    if (entries.size > CACHED_EVENTS) entries.delete(entries.keys().next().value!);
    return picture;
  }

  function start(eventId: string): Promise<SeatPicture> {
    const reading = refresh(eventId).finally(() => current.delete(eventId));
    current.set(eventId, reading);
    return reading;
  }

  return {
    read(eventId) {
      const running = current.get(eventId);
      if (!running) return start(eventId);
      // The one that runs may have looked before this caller's write; the one after it has not.
      const next = queued.get(eventId);
      if (next) return next;
      const after = running
        .catch(() => undefined)
        .then(() => {
          queued.delete(eventId);
          return start(eventId);
        });
      queued.set(eventId, after);
      return after;
    },
    body(picture) {
      const known = bodies.get(picture);
      if (known) return known;
      const { layout, letters } = picture;
      const json = JSON.stringify({
        data: layout.map((seat, index) => ({ ...seat, status: statusOf(letters[index]!) })),
      });
      let gzipped: Promise<Buffer> | undefined;
      const made = { json, gzipped: () => (gzipped ??= compress(json, { level: GZIP_LEVEL })) };
      bodies.set(picture, made);
      return made;
    },
  };
}
