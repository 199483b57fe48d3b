import { useEffect, useRef, useState } from 'preact/hooks';
import { followSeats } from '../holdfast-map/stream';
import { t, tOf } from '../staff/language';
import type { MapSeat } from './types';

export const SEAT_STATES = ['available', 'held', 'sold', 'blocked'] as const;
export type SeatState = (typeof SEAT_STATES)[number];

/**
 * The states of all seats, as the event's stream tells them, and whether it does.
 * @param onEdited the event itself was changed, or has more seats
 */
export function useLiveSeats(
  event: string,
  seats: readonly MapSeat[],
  onEdited: () => void,
): { seats: readonly MapSeat[]; isLive: boolean } {
  const [now, setNow] = useState(seats);
  const [isLive, setLive] = useState(true);
  useEffect(() => {
    const states = new Map(seats.map((seat) => [seat.label, seat.status]));
    let waiting = false;
    const show = () => {
      if (waiting) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        setNow(seats.map((seat) => ({ ...seat, status: states.get(seat.label) ?? seat.status })));
      }, 500);
    };
    const keep = (changed: readonly { label: string; status: string }[]) => {
      for (const { label, status } of changed) states.set(label, status);
      show();
    };
    return followSeats(`/v1/events/${encodeURIComponent(event)}/stream`, {
      snapshot: keep,
      changes: keep,
      edited: onEdited,
      live: setLive,
    });
  }, [event, seats]);
  return { seats: now, isLive };
}

/** How many seats of each category are in which state. */
export function countSeats(seats: readonly MapSeat[]): Map<string, Record<SeatState, number>> {
  const counts = new Map<string, Record<SeatState, number>>();
  for (const { category, status } of seats) {
    let one = counts.get(category);
    if (!one) counts.set(category, (one = { available: 0, held: 0, sold: 0, blocked: 0 }));
    if (status in one) one[status as SeatState]++;
  }
  return counts;
}

const WIDEST = 60;

/** The seats line by line: each row, and places of general admission in lines of sixty. */
function linesOf(seats: readonly MapSeat[]): MapSeat[][] {
  const lines: MapSeat[][] = [];
  let name = '';
  for (const seat of seats) {
    const own = `${seat.section} ${seat.row ?? ''}`;
    const line = lines.at(-1);
    if (!line || own !== name || (seat.row === null && line.length >= WIDEST)) lines.push([seat]);
    else line.push(seat);
    name = own;
  }
  return lines;
}

function inInk(context: CanvasRenderingContext2D): void {
  const ink = getComputedStyle(context.canvas).color;
  context.fillStyle = ink;
  context.strokeStyle = ink;
}

/** A seat's sign: told apart by form, not by colour alone. */
function drawSeat(
  context: CanvasRenderingContext2D,
  [x, y, size]: readonly [number, number, number],
  status: string,
): void {
  const gap = size * 0.15;
  const side = size - 2 * gap;
  const [left, top] = [x + gap, y + gap];
  context.lineWidth = Math.max(1, size / 10);
  if (status === 'available') context.strokeRect(left, top, side, side);
  else if (status === 'held') {
    context.strokeRect(left, top, side, side);
    context.fillRect(left, top + side / 2, side, side / 2);
  } else if (status === 'sold') context.fillRect(left, top, side, side);
  else {
    context.beginPath();
    context.moveTo(left, top);
    context.lineTo(left + side, top + side);
    context.moveTo(left + side, top);
    context.lineTo(left, top + side);
    context.stroke();
  }
}

/** One sign of the plan with its meaning. */
function SeatKey({ state }: { state: SeatState }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    inInk(context);
    drawSeat(context, [0, 0, 18], state);
  }, [state]);
  return (
    <span class="key">
      <canvas ref={canvas} width={18} height={18} aria-hidden="true" />
      {tOf('status', state)}
    </span>
  );
}

/** The plan of an event, as small as it needs to be. */
export function SeatPlan({ seats }: { seats: readonly MapSeat[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const lines = linesOf(seats);
    const longest = Math.max(1, ...lines.map((line) => line.length));
    const size = Math.max(3, Math.min(18, Math.floor(900 / longest)));
    element.width = longest * size;
    element.height = Math.min(4000, lines.length * size);
    inInk(context);
    lines.forEach((line, row) =>
      line.forEach(({ status }, column) =>
        drawSeat(context, [column * size, row * size, size], status),
      ),
    );
  }, [seats]);
  const total = { available: 0, held: 0, sold: 0, blocked: 0 };
  for (const one of countSeats(seats).values())
    for (const state of SEAT_STATES) total[state] += one[state];
  const label = SEAT_STATES.map((state) => `${tOf('status', state)}: ${total[state]}`).join(', ');
  return (
    <figure class="plan">
      <canvas ref={canvas} role="img" aria-label={`${t('saleNow')}. ${label}`} />
      <figcaption>
        {SEAT_STATES.map((state) => (
          <SeatKey key={state} state={state} />
        ))}
      </figcaption>
    </figure>
  );
}
