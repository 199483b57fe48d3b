import { createElement } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { HoldfastMap } from '../holdfast-map/element';
import { useShop } from './context';
import type { Event } from './client';

interface ChosenSeat {
  label: string;
  category: string;
}

interface Props {
  event: Event;
  /** Labels that this buyer holds: theirs to keep or to give back. */
  held: readonly string[];
  chosen: readonly string[];
  onChange: (seats: ChosenSeat[], lost: string | null) => void;
}

/** The component for any site, used as any site does. */
export function SeatMap({ event, held, chosen, onChange }: Props) {
  const { language } = useShop();
  const element = useRef<HoldfastMap>(null);
  const told = useRef(onChange);
  told.current = onChange;
  const categories = useRef(new Map<string, string>());
  const wanted = useRef({ held, chosen });
  wanted.current = { held, chosen };

  useEffect(() => {
    const map = element.current!;
    const onChoice = (happened: globalThis.Event) => {
      const { detail } = happened as CustomEvent<{
        seat: ChosenSeat;
        selection: string[];
        reason?: string;
      }>;
      categories.current.set(detail.seat.label, detail.seat.category);
      if (detail.reason === 'page') return;
      const seats = detail.selection.map((label) => ({
        label,
        category: categories.current.get(label)!,
      }));
      told.current(seats, detail.reason === 'taken' ? detail.seat.label : null);
    };
    const onReady = () => {
      map.held = wanted.current.held;
      map.selection = wanted.current.chosen;
    };
    map.addEventListener('select', onChoice);
    map.addEventListener('deselect', onChoice);
    map.addEventListener('ready', onReady);
    return () => {
      map.removeEventListener('select', onChoice);
      map.removeEventListener('deselect', onChoice);
      map.removeEventListener('ready', onReady);
    };
  }, []);

  const heldNow = held.join('\n');
  const chosenNow = chosen.join('\n');
  useEffect(() => {
    element.current!.held = held;
    element.current!.selection = chosen;
  }, [heldNow, chosenNow]);

  return createElement('holdfast-map', {
    ref: element,
    event: event.slug,
    lang: language,
    max: String(event.maxSeatsPerReservation),
  });
}
