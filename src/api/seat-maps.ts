import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Database } from '../db/database';
import {
  mapHasChanged,
  readLayout,
  readStatuses,
  SEAT_STATUS,
  SNAPSHOT_USABLE_MS,
  type Allotted,
  type MapSeat,
  type SeatLetter,
} from '../db/seat-map';
import { createSharedReads } from './shared-reads';

const compress = promisify(gzip);
const GZIP_LEVEL = 3;
/** Memory of one seat of a layout, measured. */
const LAYOUT_BYTES_PER_SEAT = 300;

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
  forms: PictureForms;
  /** Of the layout and the forms made so far, in bytes. */
  size: number;
  /**
   * The database's snapshot that shows this picture, and when it was read, by this process's
   * monotonic clock.
   */
  snapshot: string;
  readAt: number;
  /** A hold's end changes the picture without a write. */
  goodUntil: number;
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

/** The body of a map. Seats are shown member by member: leaving some out takes five times as long for many seats. */
const bodyOf = ({ layout, letters, allotmentOf }: Shown): Buffer =>
  Buffer.from(
    JSON.stringify({
      data: layout.map((seat, index) => ({
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
        status: statusOf(letters[index]!),
        allotment: allotmentOf && (allotmentOf.get(seat.label) ?? null),
      })),
    }),
  );

/** The body of a whole map, and where in it the status of each seat begins. */
interface Body {
  bytes: Buffer;
  letters: string;
  statusAt: Uint32Array;
}

/** No text contains it: there the quotation marks would be escaped. */
const BEFORE_STATUS = Buffer.from(',"status":"');

function firstBody(layout: readonly MapSeat[], letters: string): Body {
  const bytes = bodyOf({ layout, letters });
  const statusAt = new Uint32Array(letters.length);
  for (let index = 0, from = 0; index < letters.length; index++) {
    from = bytes.indexOf(BEFORE_STATUS, from) + BEFORE_STATUS.length;
    statusAt[index] = from;
  }
  return { bytes, letters, statusAt };
}

/** The body with other statuses of the same seats: what lies between those that have changed is copied. */
function nextBody(before: Body, letters: string): Body {
  const changed: number[] = [];
  let growth = 0;
  const statusAt = before.statusAt.map((at, index) => {
    const movedTo = at + growth;
    if (letters[index] !== before.letters[index]) {
      changed.push(index);
      growth += statusOf(letters[index]!).length - statusOf(before.letters[index]!).length;
    }
    return movedTo;
  });
  const bytes = Buffer.allocUnsafe(before.bytes.length + growth);
  let copied = 0;
  let written = 0;
  for (const index of changed) {
    written += before.bytes.copy(bytes, written, copied, before.statusAt[index]);
    written += bytes.write(statusOf(letters[index]!), written);
    copied = before.statusAt[index]! + statusOf(before.letters[index]!).length;
  }
  before.bytes.copy(bytes, written, copied);
  return { bytes, letters, statusAt };
}

/**
 * @param onMade called with the size in bytes of each form that is made
 * @param makeBody makes the body, and counts it itself
 */
function formsOf(
  shown: Shown,
  onMade: (bytes: number) => void,
  makeBody = (): Buffer => counted(bodyOf(shown), onMade),
): PictureForms {
  const { layout, letters } = shown;
  let json: Buffer | undefined;
  let gzipped: Promise<Buffer> | undefined;
  let frame: Buffer | undefined;
  const forms: PictureForms = {
    json: () => (json ??= makeBody()),
    gzipped: () =>
      (gzipped ??= compress(forms.json(), { level: GZIP_LEVEL }).then((made) =>
        counted(made, onMade),
      )),
    snapshotFrame: () =>
      (frame ??= counted(
        frameOf(
          'snapshot',
          layout.map(({ label }, index) => ({ label, status: statusOf(letters[index]!) })),
        ),
        onMade,
      )),
  };
  return forms;
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

/** How many views of one picture are kept. */
const MOST_VIEWS = 4;

/**
 * A cache of seat maps. A map is valid until a transaction changes a seat of its event, which one
 * small query per request detects, so a picture is never stale.
 * @param maxBytes of all maps together; the least recently read map is removed first
 */
export function createSeatMaps(db: Database, maxBytes: number): SeatMaps {
  const entries = new Map<string, Entry>();
  const formsOfPicture = new WeakMap<SeatPicture, PictureForms>();
  const viewsOfPicture = new WeakMap<SeatPicture, Map<string, PictureForms>>();
  const growthOfPicture = new WeakMap<SeatPicture, (bytes: number) => void>();
  /** The latest that was made of each layout. */
  const bodyOfLayout = new WeakMap<readonly MapSeat[], Body>();
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

  function show(eventId: string, picture: SeatPicture): Pick<Entry, 'picture' | 'forms' | 'size'> {
    const { layout, letters } = picture;
    const onMade = (bytes: number): void => grow(eventId, picture, bytes);
    const sizeOf = (body?: Body): number =>
      body === undefined ? 0 : body.bytes.length + body.statusAt.byteLength;
    const forms = formsOf(picture, onMade, () => {
      const before = bodyOfLayout.get(layout);
      const body = before ? nextBody(before, letters) : firstBody(layout, letters);
      bodyOfLayout.set(layout, body);
      // It takes the place of the one before.
      onMade(sizeOf(body) - sizeOf(before));
      return body.bytes;
    });
    formsOfPicture.set(picture, forms);
    growthOfPicture.set(picture, onMade);
    const size = layout.length * LAYOUT_BYTES_PER_SEAT + sizeOf(bodyOfLayout.get(layout));
    return { picture, forms, size };
  }

  /** The cached picture, if it is still valid. */
  async function stillTrue(eventId: string): Promise<SeatPicture | null> {
    const known = entries.get(eventId);
    if (!known || performance.now() - known.readAt > SNAPSHOT_USABLE_MS) return null;
    const { changed, snapshot } = await mapHasChanged(db, eventId, known.snapshot);
    if (changed || performance.now() >= known.goodUntil) return null;
    known.snapshot = snapshot;
    return known.picture;
  }

  async function refresh(eventId: string): Promise<SeatPicture> {
    const unchanged = await stillTrue(eventId);
    if (unchanged) return unchanged;
    const known = entries.get(eventId);
    const readAt = performance.now();
    const { letters, nextEndInMs, snapshot, revision, allotted } = await readStatuses(db, eventId);
    // A layout is that of its revision; if the event was changed since the statuses were read, the next look finds out.
    const layout =
      known?.picture.revision === revision && known.picture.layout.length === letters.length
        ? known.picture.layout
        : await readLayout(db, eventId, letters.length);
    const hash = createHash('sha1').update(`${eventId} ${revision} `).update(letters);
    if (allotted !== null) hash.update(JSON.stringify(allotted));
    const etag = `"${hash.digest('base64url')}"`;
    const shown =
      known?.picture.etag === etag
        ? known
        : show(eventId, { etag, letters, layout, revision, allotted });
    const { picture, forms, size } = shown;
    const goodUntil = readAt + (nextEndInMs ?? Infinity);
    keep(eventId, { picture, forms, size, snapshot, readAt, goodUntil });
    return picture;
  }

  return {
    read: createSharedReads(refresh),
    forms: (picture) => formsOfPicture.get(picture)!,
    formsFor(picture, allotments, only = {}) {
      let views = viewsOfPicture.get(picture);
      if (!views) viewsOfPicture.set(picture, (views = new Map<string, PictureForms>()));
      const { section, status } = only;
      const isWhole = section === undefined && status === undefined;
      const name = JSON.stringify([allotments, section, status]);
      let forms = views.get(name);
      if (!forms) {
        if (views.size >= MOST_VIEWS) views.clear();
        const seen: Shown = allotments.length > 0 ? openedFor(picture, allotments) : picture;
        forms = formsOf(isWhole ? seen : narrowed(seen, only), growthOfPicture.get(picture)!);
        views.set(name, forms);
      }
      return forms;
    },
  };
}
