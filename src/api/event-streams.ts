import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../logger';
import { createCounts } from './counts';
import type { ApiMetrics } from './metrics';
import { frameOf, statusOf, type SeatMaps, type SeatPicture } from './seat-maps';
import { createTurns } from './turns';

const POLL_MS = 250;
const WITHIN_A_SECOND_MS = 750;
const KEEP_ALIVE_MS = 15_000;
/** What took long was the wait for the database, not the map. */
const AFTER_A_FAULT_MS = 1000;
const MAX_LISTENERS = 10_000;
/**
 * Writing to one listener takes about 0.01 ms. After this many writes, other requests get a turn of
 * the event loop.
 */
const PORTION = 100;
/** A listener that does not read is disconnected, so that it does not fill the memory. */
const MAX_BUFFERED_BYTES = 4_000_000;

export interface EventStreams {
  /**
   * A new listener at this address; otherwise why there is none: `full`, this process has all that
   * it can have or is ending; `too_many`, this address has.
   */
  listen(eventId: string, address: string): Promise<Readable | 'full' | 'too_many'>;
  close(): void;
}

const STILL_HERE = Buffer.from(': still here\n\n');

interface Channel {
  listeners: Set<Readable>;
  picture: SeatPicture;
  timer: NodeJS.Timeout | undefined;
  lastWrite: number;
}

/** What a listener is told: `seats` with each new status; `map` too where the event itself is another. */
function changesOf(before: SeatPicture, after: SeatPicture): Buffer | null {
  if (before.etag === after.etag) return null;
  const changed = after.layout.flatMap(({ label }, index) =>
    before.letters[index] === after.letters[index]
      ? []
      : [{ label, status: statusOf(after.letters[index]!) }],
  );
  // Of seats that are new a listener hears with the map.
  const isSame = before.layout === after.layout;
  const known = isSame ? null : new Set(before.layout.map(({ label }) => label));
  const ofKnown = known ? changed.filter(({ label }) => known.has(label)) : changed;
  const frames = ofKnown.length > 0 ? [frameOf('seats', ofKnown)] : [];
  if (before.revision !== after.revision) frames.push(frameOf('map', changed));
  return frames.length > 0 ? Buffer.concat(frames) : null;
}

/**
 * The pause until the next read. A map that takes long to read, or has many listeners, is read less
 * often, so that watching stays cheap: a seventeenth of the time while a change still arrives
 * within a second, never more than a ninth.
 */
const pauseAfter = (tookMs: number) =>
  Math.max(POLL_MS, 8 * tookMs, Math.min(16 * tookMs, WITHIN_A_SECOND_MS));

/**
 * Live seat maps: one poller for each event and process, however many listeners there are. It
 * compares seat maps, so it also shows holds that end without a write, and the transaction of a
 * hold has nothing to announce. A change, and the snapshot that a listener begins with, are
 * serialised once for all listeners.
 */
export function createEventStreams(
  { maps, metrics, log }: { maps: SeatMaps; metrics: ApiMetrics; log: Logger },
  maxPerAddress: number | null,
): EventStreams {
  const perAddress = createCounts(maxPerAddress ?? Infinity);
  // A snapshot may be large. Other requests are answered between two of them.
  const oneByOne = createTurns(1);
  const channels = new Map<string, Channel>();
  let count = 0;
  let isClosed = false;

  async function broadcast(channel: Channel, bytes: Buffer): Promise<void> {
    channel.lastWrite = performance.now();
    // The listeners of this moment. One that joins later starts with a snapshot that has the
    // change.
    for (const [index, listener] of [...channel.listeners].entries()) {
      if (index > 0 && index % PORTION === 0) await nextTurn();
      if (listener.destroyed) continue;
      if (listener.readableLength > MAX_BUFFERED_BYTES) listener.destroy();
      else listener.push(bytes);
    }
  }

  async function poll(eventId: string, channel: Channel): Promise<void> {
    const started = performance.now();
    let failed = false;
    try {
      const picture = await maps.read(eventId);
      const changes = changesOf(channel.picture, picture);
      channel.picture = picture;
      if (changes !== null) await broadcast(channel, changes);
    } catch (error) {
      failed = true;
      // The listeners keep the last map; the next read sends what was missed.
      log.debug(`a live seat map could not be read: ${(error as Error).message}`);
    }
    if (performance.now() - channel.lastWrite > KEEP_ALIVE_MS) await broadcast(channel, STILL_HERE);
    if (channel.listeners.size === 0) {
      channels.delete(eventId);
      return;
    }
    channel.timer = setTimeout(
      () => void poll(eventId, channel),
      failed ? AFTER_A_FAULT_MS : pauseAfter(performance.now() - started),
    );
  }

  /** @param release called once when the listener has gone */
  async function open(eventId: string, release: () => void): Promise<Readable> {
    const picture = channels.get(eventId)?.picture ?? (await maps.read(eventId));
    await oneByOne(nextTurn);
    let channel = channels.get(eventId);
    if (!channel) {
      channel = { listeners: new Set(), picture, timer: undefined, lastWrite: performance.now() };
      channels.set(eventId, channel);
      const opened = channel;
      channel.timer = setTimeout(() => void poll(eventId, opened), POLL_MS);
    }
    const { listeners } = channel;
    const listener = new Readable({ read: () => undefined });
    // The channel's map, not the one that was read above, because the next change is computed
    // against it.
    listener.push(maps.forms(channel.picture).snapshotFrame());
    listeners.add(listener);
    metrics.streams.set(++count);
    listener.on('error', () => undefined);
    listener.once('close', () => {
      listeners.delete(listener);
      metrics.streams.set(--count);
      release();
    });
    return listener;
  }

  return {
    async listen(eventId, address) {
      if (count >= MAX_LISTENERS || isClosed) return 'full';
      const release = perAddress.take(address);
      if (!release) return 'too_many';
      try {
        return await open(eventId, release);
      } catch (error) {
        release();
        throw error;
      }
    },
    close() {
      isClosed = true;
      for (const channel of channels.values()) {
        clearTimeout(channel.timer);
        for (const listener of channel.listeners) listener.push(null);
      }
      channels.clear();
    },
  };
}
