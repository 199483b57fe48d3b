import { useEffect, useState } from 'preact/hooks';

/** The place in the page, after `#/`, by its parts. */
export function usePlace(): string[] {
  const read = () => location.hash.replace(/^#\/?/, '').split('/').map(decodeText);
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const follow = () => setPlace(read());
    addEventListener('hashchange', follow);
    // An effect runs a moment after what it belongs to was shown: the place may be another by then.
    follow();
    return () => removeEventListener('hashchange', follow);
  }, []);
  return place;
}

function decodeText(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const reservationLink = (id: string): string => `#/reservation/${encodeURIComponent(id)}`;
export const eventLink = (slug: string): string => `#/event/${encodeURIComponent(slug)}`;

/** Nothing where there is no reservation. */
export const ReservationLink = ({ id }: { id: string | null }) =>
  id === null ? null : (
    <a href={reservationLink(id)}>
      <code>{id}</code>
    </a>
  );
