import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { Database } from '../db/database';
import {
  MOST_CHANGED_SEATS,
  readChanges,
  readLayout,
  readStatuses,
  SEAT_STATUS,
  SNAPSHOT_USABLE_MS,
  type Allotted,
  type MapSeat,
  type SeatLetter,
} from '../db/seat-map';
import { createSharedReads } from './shared-reads';

const deflate = promisify(deflateRaw);
const GZIP_LEVEL = 3;
/** Memory of one seat of a layout and its end, measured. */
const LAYOUT_BYTES_PER_SEAT = 320;

/** The state of an event's seats at one moment. */
export interface SeatPicture {
  etag: string;
  /** One letter a seat, in the order of the layout: as everyone may know it. */
  letters: string;
  layout: readonly MapSeat[];
  /** null: there are no allotments. */
  allotted: Allotted | null;
  /** Of the event that the layout shows. */
  revision: number;
}

/**
 * The serialized forms of a picture. Each is made once, on first use, and shared by all responses.
 */
interface PictureForms {
  json(): Buffer;
  gzipped(): Promise<Buffer>;
  /** The first frame of a stream of server-sent events. */
  snapshotFrame(): Buffer;
}

interface Entry {
  picture: SeatPicture;
  /** Of the layout and the forms made so far, in bytes. */
  size: number;
  /**
   * The database's snapshot that shows this picture, and when all of it was read last, by this
   * process's monotonic clock.
   */
  snapshot: string;
  readAt: number;
  ends: Ends;
}

/** When the seats of a layout change without a write, by the end of a hold or an allotment; by the same clock. */
interface Ends {
  /** @param at Infinity: never */
  set(place: number, at: number): void;
  /** The places whose time has come. */
  due(now: number): number[];
}

function createEnds(count: number): Ends {
  const ends = new Float64Array(count).fill(Infinity);
  // None is sooner.
  let soonest = Infinity;
  return {
    set(place, at) {
      ends[place] = at;
      soonest = Math.min(soonest, at);
    },
    due(now) {
      if (now < soonest) return [];
      const places: number[] = [];
      soonest = Infinity;
      ends.forEach((at, place) => {
        if (at <= now) places.push(place);
        soonest = Math.min(soonest, at);
      });
      return places;
    },
  };
}

/** The place of a seat in a layout; -1: it has none. */
function placeOf(layout: readonly MapSeat[], id: number): number {
  let [from, to] = [0, layout.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (layout[middle]!.id < id) from = middle + 1;
    else to = middle;
  }
  return layout[from]?.id === id ? from : -1;
}

/** Which seats of a map are asked for; absent: all. */
interface SeatFilter {
  section?: string | undefined;
  status?: string | undefined;
}

export interface SeatMaps {
  /** The current state. Never older than the call: a read after a write sees the write. */
  read(eventId: string): Promise<SeatPicture>;
  forms(picture: SeatPicture): PictureForms;
  /**
   * A view of the map: as the taker of these allotments sees it, whose seats are available, each with
   * its `allotment`; and of the seats that are asked for alone.
   */
  formsFor(picture: SeatPicture, allotments: readonly string[], only?: SeatFilter): PictureForms;
}

export const statusOf = (letter: string) => SEAT_STATUS[letter as SeatLetter];

export const frameOf = (event: string, seats: { label: string; status: string }[]): Buffer =>
  Buffer.from(`event: ${event}\ndata: ${JSON.stringify({ data: seats })}\n\n`);

/** What `formsOf` shows. */
interface Shown extends Pick<SeatPicture, 'layout' | 'letters'> {
  /** The allotment of each seat, by label; none: `allotment` is not shown. */
  allotmentOf?: ReadonlyMap<string, string>;
}

/** So many seats are written and compressed anew when one of them changes. */
const SEATS_A_CHUNK = 500;

/** A piece of a body. */
interface Piece {
  bytes: Buffer;
  deflated?: Promise<Buffer>;
}

/** Some seats of a map's body, in it. */
interface Chunk extends Piece {
  letters: string;
  /** Those of its seats that somebody asked for, by what was asked for. They stay as long as the letters do. */
  parts?: { pieces: Map<string, Piece>; bytes: number };
}

/** The body of a map: the bytes of its pieces, one after the other. */
interface Body<Part extends Piece = Piece> {
  bytes: Buffer;
  chunks: readonly Part[];
}

/** Seats are shown member by member: leaving some out takes five times as long for many seats. */
const shownSeats = ({ layout, letters, allotmentOf }: Shown, from: number, to: number): object[] =>
  layout.slice(from, to).map((seat, index) => ({
    label: seat.label,
    section: seat.section,
    row: seat.row,
    number: seat.number,
    category: seat.category,
    price: seat.price,
    x: seat.x,
    y: seat.y,
    accessible: seat.accessible,
    companion: seat.companion,
    active: seat.active,
    status: statusOf(letters[from + index]!),
    allotment: allotmentOf && (allotmentOf.get(seat.label) ?? null),
  }));

/** @param before an earlier body of the same layout: chunks without a change are taken from it, also as compressed */
function bodyOf(shown: Shown, before?: Body<Chunk>): Body<Chunk> {
  const { layout, letters } = shown;
  const count = Math.max(1, Math.ceil(layout.length / SEATS_A_CHUNK));
  const chunks = Array.from({ length: count }, (_, place): Chunk => {
    const [from, to] = [place * SEATS_A_CHUNK, (place + 1) * SEATS_A_CHUNK];
    const known = before?.chunks[place];
    const part = letters.slice(from, to);
    if (known?.letters === part) return { ...known };
    const seats = JSON.stringify(shownSeats(shown, from, to)).slice(1, -1);
    const [begin, end] = [place === 0 ? '{"data":[' : ',', place === count - 1 ? ']}' : ''];
    return { letters: part, bytes: Buffer.from(`${begin}${seats}${end}`) };
  });
  const bytes = Buffer.concat(chunks.map((chunk) => chunk.bytes));
  let at = 0;
  // Of the body before nothing is kept.
  for (const chunk of chunks) chunk.bytes = bytes.subarray(at, (at += chunk.bytes.length));
  return { bytes, chunks };
}

const [HEAD, COMMA, TAIL] = ['{"data":[', ',', ']}'].map((text): Piece => ({
  bytes: Buffer.from(text),
})) as [Piece, Piece, Piece];

/** Memory of a piece beside its bytes, measured. */
const BYTES_PER_PIECE = 300;

/**
 * Of a whole body the seats that are asked for. What was made of a chunk before is used again; of a chunk without such
 * a seat nothing is kept.
 * @param places the chunks in which such seats may be
 */
function partOf(
  whole: Body<Chunk>,
  shown: Shown,
  only: SeatFilter,
  places: readonly number[],
): Body {
  const name = nameOf(only);
  const parts = places.flatMap((place) => {
    const chunk = whole.chunks[place]!;
    chunk.parts ??= { pieces: new Map(), bytes: 0 };
    const known = chunk.parts.pieces.get(name);
    if (known) return [known];
    const [from, to] = [place * SEATS_A_CHUNK, (place + 1) * SEATS_A_CHUNK];
    const some = narrowed(
      { ...shown, layout: shown.layout.slice(from, to), letters: chunk.letters },
      only,
    );
    if (some.layout.length === 0) return [];
    const text = JSON.stringify(shownSeats(some, 0, SEATS_A_CHUNK)).slice(1, -1);
    const made: Piece = { bytes: Buffer.from(text) };
    chunk.parts.pieces.set(name, made);
    chunk.parts.bytes += BYTES_PER_PIECE + made.bytes.length;
    return [made];
  });
  const seats = parts.flatMap((part, index) => (index === 0 ? [part] : [COMMA, part]));
  const chunks = [HEAD, ...seats, TAIL];
  return { bytes: Buffer.concat(chunks.map(({ bytes }) => bytes)), chunks };
}

/** In bytes, with the parts that were made of it. */
const sizeOf = (body?: Body<Chunk>): number =>
  (body?.chunks ?? []).reduce(
    (sum, { bytes, parts }) => sum + bytes.length + (parts?.bytes ?? 0),
    0,
  );

/** Of each section the chunks in which it has seats. */
function chunksOfSections(layout: readonly MapSeat[]): Map<string, number[]> {
  const chunks = new Map<string, number[]>();
  layout.forEach(({ section }, index) => {
    const place = Math.floor(index / SEATS_A_CHUNK);
    const places = chunks.get(section);
    if (!places) chunks.set(section, [place]);
    else if (places.at(-1) !== place) places.push(place);
  });
  return chunks;
}

/** Without a name, a time or a flag (RFC 1952). */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
const LAST_BLOCK = Buffer.from([3, 0]);

/** The body as gzip. Each chunk is compressed by itself and ends with a full flush, so the chunks can be joined. */
async function gzipOf({ bytes, chunks }: Body): Promise<Buffer> {
  const options = { level: GZIP_LEVEL, finishFlush: constants.Z_FULL_FLUSH };
  const deflated = await Promise.all(
    // What zlib gives is a slice of more memory than it needs.
    chunks.map(
      (chunk) =>
        (chunk.deflated ??= deflate(chunk.bytes, options).then((packed) => Buffer.from(packed))),
    ),
  );
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(bytes), 0);
  trailer.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([GZIP_HEADER, ...deflated, LAST_BLOCK, trailer]);
}

/**
 * @param onMade called with the size in bytes of each form that is made
 * @param makeBody makes the body, and counts it itself
 */
function formsOf(
  shown: Shown,
  onMade: (bytes: number) => void,
  makeBody = (): Body => {
    const made = bodyOf(shown);
    onMade(made.bytes.length);
    return made;
  },
): PictureForms {
  const { layout, letters } = shown;
  let body: Body | undefined;
  let gzipped: Promise<Buffer> | undefined;
  let frame: Buffer | undefined;
  const whole = (): Body => (body ??= makeBody());
  return {
    json: () => whole().bytes,
    gzipped: () => (gzipped ??= gzipOf(whole()).then((made) => counted(made, onMade))),
    snapshotFrame: () =>
      (frame ??= counted(
        frameOf(
          'snapshot',
          layout.map(({ label }, index) => ({ label, status: statusOf(letters[index]!) })),
        ),
        onMade,
      )),
  };
}

function counted(made: Buffer, onMade: (bytes: number) => void): Buffer {
  onMade(made.length);
  return made;
}

/** A picture in which the seats of these allotments are available. */
function openedFor(
  { layout, letters, allotted }: SeatPicture,
  allotments: readonly string[],
): Shown {
  const allotmentOf = new Map(
    allotments.flatMap((id) =>
      (allotted?.[id]?.seats ?? []).map((label) => [label, id] as [string, string]),
    ),
  );
  const opened = layout.map(({ label }, index) =>
    letters[index] === 'k' && allotmentOf.has(label) ? 'a' : letters[index]!,
  );
  return { layout, letters: opened.join(''), allotmentOf };
}

const nameOf = ({ section, status }: SeatFilter): string => JSON.stringify([section, status]);

const isWhole = ({ section, status }: SeatFilter): boolean =>
  section === undefined && status === undefined;

/** The seats that are asked for. */
function narrowed({ layout, letters, allotmentOf }: Shown, { section, status }: SeatFilter): Shown {
  const places = [...layout.keys()].filter(
    (place) =>
      (section === undefined || layout[place]!.section === section) &&
      (status === undefined || statusOf(letters[place]!) === status),
  );
  return {
    layout: places.map((place) => layout[place]!),
    letters: places.map((place) => letters[place]!).join(''),
    ...(allotmentOf && { allotmentOf }),
  };
}

/** Allotments of a picture that a caller takes seats from. @param client null: an operator */
export const allotmentsFor = ({ allotted }: SeatPicture, client: string | null): string[] =>
  Object.entries(allotted ?? {}).flatMap(([id, { client: named }]) =>
    client === null || named === client ? [id] : [],
  );

/** How many views of one picture are kept for those who have allotments. */
const MOST_VIEWS = 4;
const NO_SEATS: Shown = { layout: [], letters: '' };

/** What is kept of a picture for everyone, and for who has allotments. */
interface Views {
  parts: Map<string, PictureForms>;
  opened: Map<string, { forms: PictureForms; bytes: number }>;
}

/**
 * A cache of seat maps. A map is valid until a transaction changes a seat of its event, which one
 * small query per request detects, so a picture is never stale.
 * @param maxBytes of all maps together; the least recently read map is removed first
 */
export function createSeatMaps(db: Database, maxBytes: number): SeatMaps {
  const entries = new Map<string, Entry>();
  const formsOfPicture = new WeakMap<SeatPicture, PictureForms>();
  const viewsOfPicture = new WeakMap<SeatPicture, Views>();
  const wholeOfPicture = new WeakMap<SeatPicture, () => Body<Chunk>>();
  const sectionsOfLayout = new WeakMap<readonly MapSeat[], Map<string, number[]>>();
  const growthOfPicture = new WeakMap<SeatPicture, (bytes: number) => void>();
  /** The latest that was made of each layout. */
  const bodyOfLayout = new WeakMap<readonly MapSeat[], Body<Chunk>>();
  let totalBytes = 0;

  function forget(eventId: string): void {
    totalBytes -= entries.get(eventId)?.size ?? 0;
    entries.delete(eventId);
  }

  function makeRoom(): void {
    for (const eventId of entries.keys()) {
      if (totalBytes <= maxBytes || entries.size === 1) return;
      forget(eventId);
    }
  }

  function keep(eventId: string, entry: Entry): void {
    forget(eventId);
    entries.set(eventId, entry);
    totalBytes += entry.size;
    makeRoom();
  }

  function grow(eventId: string, picture: SeatPicture, bytes: number): void {
    const entry = entries.get(eventId);
    if (entry?.picture !== picture) return;
    entry.size += bytes;
    totalBytes += bytes;
    makeRoom();
  }

  function show(eventId: string, picture: SeatPicture): Pick<Entry, 'picture' | 'size'> {
    const { layout, letters } = picture;
    const onMade = (bytes: number): void => grow(eventId, picture, bytes);
    let body: Body<Chunk> | undefined;
    const whole = (): Body<Chunk> => {
      if (body) return body;
      const before = bodyOfLayout.get(layout);
      body = bodyOf({ layout, letters }, before);
      bodyOfLayout.set(layout, body);
      // It takes the place of the one before.
      onMade(sizeOf(body) - sizeOf(before));
      return body;
    };
    wholeOfPicture.set(picture, whole);
    formsOfPicture.set(picture, formsOf(picture, onMade, whole));
    growthOfPicture.set(picture, onMade);
    const size = layout.length * LAYOUT_BYTES_PER_SEAT + sizeOf(bodyOfLayout.get(layout));
    return { picture, size };
  }

  /** Brings the cached picture up to date by what has changed. @returns null where all has to be read */
  async function catchUp(eventId: string): Promise<SeatPicture | null> {
    const known = entries.get(eventId);
    const readAt = performance.now();
    if (!known || readAt - known.readAt > SNAPSHOT_USABLE_MS) return null;
    const { picture, ends } = known;
    const { layout, revision } = picture;
    const due = ends.due(readAt).map((place) => layout[place]!.id);
    if (due.length > MOST_CHANGED_SEATS) return null;
    const changes = await readChanges(db, eventId, { snapshot: known.snapshot, due });
    if (changes === null) return null;
    if (changes.seats === undefined) {
      known.snapshot = changes.snapshot;
      // The latest that was read.
      if (entries.get(eventId) === known) keep(eventId, known);
      return picture;
    }
    const { seats, snapshot, allotted } = changes;
    if (changes.revision !== revision) return null;
    const letters = Buffer.from(picture.letters, 'latin1');
    for (const { id, letter, endsInMs } of seats) {
      const place = placeOf(layout, id);
      if (place < 0) return null;
      letters.write(letter, place, 'latin1');
      ends.set(place, readAt + endsInMs);
    }
    const state = { letters: letters.toString('latin1'), layout, revision };
    return remember(eventId, { ...state, allotted }, { snapshot, readAt: known.readAt, ends });
  }

  /** Keeps a reading as the picture of an event; if nothing differs, the picture stays the one before. */
  function remember(
    eventId: string,
    state: Omit<SeatPicture, 'etag'>,
    { snapshot, readAt, ends }: Pick<Entry, 'snapshot' | 'readAt' | 'ends'>,
  ): SeatPicture {
    const { letters, allotted, revision } = state;
    const known = entries.get(eventId);
    const hash = createHash('sha1').update(`${eventId} ${revision} `).update(letters);
    if (allotted !== null) hash.update(JSON.stringify(allotted));
    const etag = `"${hash.digest('base64url')}"`;
    const shown = known?.picture.etag === etag ? known : show(eventId, { etag, ...state });
    const { picture, size } = shown;
    keep(eventId, { picture, size, snapshot, readAt, ends });
    return picture;
  }

  async function refresh(eventId: string): Promise<SeatPicture> {
    const current = await catchUp(eventId);
    if (current) return current;
    const known = entries.get(eventId);
    const readAt = performance.now();
    const { letters, ending, snapshot, revision, allotted } = await readStatuses(db, eventId);
    // A layout is that of its revision; if the event was changed since the statuses were read, the next look finds out.
    const layout =
      known?.picture.revision === revision && known.picture.layout.length === letters.length
        ? known.picture.layout
        : await readLayout(db, eventId, letters.length);
    const ends = createEnds(layout.length);
    for (const { id, endsInMs } of ending) {
      const place = placeOf(layout, id);
      if (place >= 0) ends.set(place, readAt + endsInMs);
    }
    return remember(eventId, { letters, layout, revision, allotted }, { snapshot, readAt, ends });
  }

  /** The chunks in which a section has seats; undefined: the event has no such section. */
  function chunksOf({ layout }: SeatPicture, section: string): number[] | undefined {
    let sections = sectionsOfLayout.get(layout);
    if (!sections) sectionsOfLayout.set(layout, (sections = chunksOfSections(layout)));
    return sections.get(section);
  }

  function viewsOf(picture: SeatPicture): Views {
    let views = viewsOfPicture.get(picture);
    if (!views) viewsOfPicture.set(picture, (views = { parts: new Map(), opened: new Map() }));
    return views;
  }

  /**
   * A part of the map as everyone sees it. All sections, all statuses and all statuses of all sections are three
   * maps together, so they are all kept; a section that the event has not is none of them.
   */
  function partFor(picture: SeatPicture, only: SeatFilter): PictureForms {
    const { parts } = viewsOf(picture);
    const name = nameOf(only);
    let forms = parts.get(name);
    if (!forms) {
      const onMade = growthOfPicture.get(picture)!;
      forms = formsOf(picture, onMade, () => {
        const whole = wholeOfPicture.get(picture)!();
        const before = sizeOf(whole);
        const places =
          only.section === undefined ? [...whole.chunks.keys()] : chunksOf(picture, only.section)!;
        const part = partOf(whole, picture, only, places);
        onMade(part.bytes.length + sizeOf(whole) - before);
        return part;
      });
      parts.set(name, forms);
    }
    return forms;
  }

  function openedForms(
    picture: SeatPicture,
    allotments: readonly string[],
    only: SeatFilter,
  ): PictureForms {
    const { opened } = viewsOf(picture);
    const growth = growthOfPicture.get(picture)!;
    const name = `${allotments.join()} ${nameOf(only)}`;
    const known = opened.get(name);
    if (known) return known.forms;
    if (opened.size >= MOST_VIEWS) {
      growth(-[...opened.values()].reduce((sum, { bytes }) => sum + bytes, 0));
      opened.clear();
    }
    const seen = openedFor(picture, allotments);
    const shown = isWhole(only) ? seen : narrowed(seen, only);
    const view = {
      bytes: 0,
      forms: formsOf(shown, (bytes) => {
        // One that was removed meanwhile is counted no more.
        if (opened.get(name) !== view) return;
        view.bytes += bytes;
        growth(bytes);
      }),
    };
    opened.set(name, view);
    return view.forms;
  }

  return {
    read: createSharedReads(refresh),
    forms: (picture) => formsOfPicture.get(picture)!,
    formsFor(picture, allotments, only = {}) {
      const { section } = only;
      if (section !== undefined && !chunksOf(picture, section))
        return formsOf(NO_SEATS, () => undefined);
      if (allotments.length > 0) return openedForms(picture, allotments, only);
      return isWhole(only) ? formsOfPicture.get(picture)! : partFor(picture, only);
    },
  };
}
