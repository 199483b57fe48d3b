interface SeatChange {
  label: string;
  status: string;
}

interface Listener {
  /** Every seat, in the order of the map: at the beginning, and after each lost connection. */
  snapshot(seats: SeatChange[]): void;
  changes(seats: SeatChange[]): void;
  /** The event itself was changed, or has more seats: what was read of it may be out of date. */
  edited(seats: SeatChange[]): void;
  /** Whether what is shown is live. */
  live(isLive: boolean): void;
}

const AGAIN_MS = 3000;

const seatsOf = (message: MessageEvent<string>): SeatChange[] =>
  (JSON.parse(message.data) as { data: SeatChange[] }).data;

/**
 * Follows the seats of an event until it is told to stop. A browser opens a broken stream again by itself, but not one
 * that was refused: that is done here, with a pause that no two listeners share.
 */
export function followSeats(url: string, listener: Listener): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    const opened = new EventSource(url);
    source = opened;
    opened.addEventListener('snapshot', (message: MessageEvent<string>) => {
      listener.snapshot(seatsOf(message));
      listener.live(true);
    });
    opened.addEventListener('seats', (message: MessageEvent<string>) =>
      listener.changes(seatsOf(message)),
    );
    opened.addEventListener('map', (message: MessageEvent<string>) =>
      listener.edited(seatsOf(message)),
    );
    opened.addEventListener('error', () => {
      listener.live(false);
      if (opened.readyState !== EventSource.CLOSED) return;
      clearTimeout(timer);
      timer = setTimeout(open, AGAIN_MS * (1 + Math.random()));
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
