import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../logger';
import type { ApiMetrics } from './metrics';
import { statusOf, type SeatMaps, type SeatPicture } from './seat-maps';

const POLL_MS = 250;
const WITHIN_A_SECOND_MS = 750;
const KEEP_ALIVE_MS = 15_000;
const MAX_LISTENERS = 10_000;
/**
 * Writing to one listener takes about 0.01 ms. After this many writes, other requests get a turn of
 * the event loop.
 */
const PORTION = 100;
/** A listener that does not read is disconnected, so that it does not fill the memory. */
const MAX_BUFFERED_BYTES = 4_000_000;

export interface EventStreams {
  /** A new listener; null when there are too many. */
  listen(eventId: string): Promise<Readable | null>;
  close(): void;
}

interface Channel {
  listeners: Set<Readable>;
  picture: SeatPicture;
  timer: NodeJS.Timeout | undefined;
  lastWrite: number;
}

const frame = (event: string, seats: { label: string; status: string }[]) =>
  `event: ${event}\ndata: ${JSON.stringify({ data: seats })}\n\n`;

const snapshotOf = ({ layout, letters }: SeatPicture) =>
  frame(
    'snapshot',
    layout.map(({ label }, index) => ({ label, status: statusOf(letters[index]!) })),
  );

function changesOf(before: SeatPicture, after: SeatPicture): string | null {
  if (before.etag === after.etag) return null;
  const changed = after.layout.flatMap(({ label }, index) =>
    before.letters[index] === after.letters[index]
      ? []
      : [{ label, status: statusOf(after.letters[index]!) }],
  );
  return frame('seats', changed);
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
 * hold has nothing to announce. A change is serialised once for all listeners.
 */
export function createEventStreams(maps: SeatMaps, metrics: ApiMetrics, log: Logger): EventStreams {
  const channels = new Map<string, Channel>();
  let count = 0;

  async function broadcast(channel: Channel, text: string): Promise<void> {
    channel.lastWrite = Date.now();
    const bytes = Buffer.from(text);
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
    try {
      const picture = await maps.read(eventId);
      const changes = changesOf(channel.picture, picture);
      channel.picture = picture;
      if (changes !== null) await broadcast(channel, changes);
      else if (Date.now() - channel.lastWrite > KEEP_ALIVE_MS)
        await broadcast(channel, ': still here\n\n');
    } catch (error) {
      // The listeners keep the last map; the next read sends what was missed.
      log.debug(`a live seat map could not be read: ${(error as Error).message}`);
    }
    if (channel.listeners.size === 0) {
      channels.delete(eventId);
      return;
    }
    channel.timer = setTimeout(
      () => void poll(eventId, channel),
      pauseAfter(performance.now() - started),
    );
  }

  return {
    async listen(eventId) {
      if (count >= MAX_LISTENERS) return null;
      const picture = channels.get(eventId)?.picture ?? (await maps.read(eventId));
      let channel = channels.get(eventId);
      if (!channel) {
        channel = { listeners: new Set(), picture, timer: undefined, lastWrite: Date.now() };
        channels.set(eventId, channel);
        const opened = channel;
        channel.timer = setTimeout(() => void poll(eventId, opened), POLL_MS);
      }
      const { listeners } = channel;
      const listener = new Readable({ read: () => undefined });
      // The channel's map, not the one that was read above, because the next change is computed
      // against it.
      listener.push(snapshotOf(channel.picture));
      listeners.add(listener);
      metrics.streams.set(++count);
      listener.on('error', () => undefined);
      listener.once('close', () => {
        listeners.delete(listener);
        metrics.streams.set(--count);
      });
      return listener;
    },
    close() {
      for (const channel of channels.values()) {
        clearTimeout(channel.timer);
        for (const listener of channel.listeners) listener.push(null);
      }
      channels.clear();
    },
  };
}
