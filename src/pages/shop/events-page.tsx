import { useEffect, useState } from 'preact/hooks';
import { typesOf } from './basket';
import { serverNow, type Event } from './client';
import { textOf, useShop } from './context';
import { readOrder } from './kept-order';
import { Problem } from './parts';

/** The next events, earliest first. Those that have begun are left out. */
export function EventsPage() {
  const shop = useShop();
  const { text, client } = shop;
  const [events, setEvents] = useState<Event[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    document.title = text('brand');
    client.events().then(setEvents, (error: unknown) => setProblem(textOf(error, shop)));
  }, []);
  return (
    <main>
      <h1>{text('events')}</h1>
      <Problem>{problem}</Problem>
      {events === null ? (
        problem === null && <p role="status">{text('loading')}</p>
      ) : events.length === 0 ? (
        <p>{text('noEvents')}</p>
      ) : (
        <ul class="events">
          {events.map((event) => (
            <EventCard key={event.slug} event={event} />
          ))}
        </ul>
      )}
    </main>
  );
}

function EventCard({ event }: { event: Event }) {
  const { text, money, when } = useShop();
  const { slug, name, venue, startsAt, timeZone, salesOpenAt, salesCloseAt, categories } = event;
  const amounts = categories.flatMap(({ code, active }) =>
    active ? typesOf(event, code).map(({ price }) => price.amount) : [],
  );
  const lowest = { amount: Math.min(...amounts), currency: event.currency };
  const now = serverNow();
  const note =
    salesOpenAt !== null && Date.parse(salesOpenAt) > now
      ? text('saleOpens', { when: when(salesOpenAt, timeZone) })
      : amounts.length === 0 || (salesCloseAt !== null && Date.parse(salesCloseAt) <= now)
        ? text('saleClosed')
        : text('from', { price: money(lowest) });
  return (
    <li>
      <p class="when">
        <time dateTime={startsAt}>{when(startsAt, timeZone)}</time>
      </p>
      <h2 dir="auto">
        <a href={`/events/${encodeURIComponent(slug)}`}>{name}</a>
      </h2>
      {venue !== null && <p dir="auto">{venue}</p>}
      <p>{note}</p>
      {readOrder(slug) && <p class="go-on">{text('goOn')}</p>}
    </li>
  );
}
