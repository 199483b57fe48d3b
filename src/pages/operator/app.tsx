import { createApi, type Api } from '../staff/api';
import { t } from '../staff/language';
import { SessionFrame, type SignedIn } from '../staff/parts';
import { Attention } from './attention';
import { EventPage, Events } from './event';
import { usePlace } from './links';
import { Reservation } from './reservation';
import { Search } from './search';

const PLACES = ['attention', 'search', 'events'] as const;

/** Which entry of the navigation a place belongs to. */
const PARENTS: Record<string, (typeof PLACES)[number]> = {
  attention: 'attention',
  events: 'events',
  event: 'events',
};

function Place({ api, session, place }: { api: Api; session: SignedIn; place: string[] }) {
  const [name, id] = place;
  if (name === 'reservation' && id)
    return <Reservation key={id} api={api} session={session} id={id} />;
  if (name === 'event' && id) return <EventPage key={id} api={api} slug={id} />;
  if (name === 'events') return <Events api={api} />;
  if (name === 'attention') return <Attention api={api} />;
  return <Search api={api} />;
}

function Desk({ api, session }: { api: Api; session: SignedIn }) {
  const place = usePlace();
  const here = PARENTS[place[0] ?? ''] ?? 'search';
  return (
    <>
      <nav class="bar places" aria-label={t('operator')}>
        {PLACES.map((name) => (
          <a key={name} href={`#/${name}`} aria-current={name === here ? 'page' : undefined}>
            {t(name)}
          </a>
        ))}
        <span class="soft">
          {t('signedInAs')} <bdi>{session.client}</bdi>
        </span>
      </nav>
      <main>
        <Place api={api} session={session} place={place} />
      </main>
    </>
  );
}

/** `/operator`: what operators do with the API, by hand. */
export function OperatorApp() {
  return (
    <SessionFrame page="operator" makeApi={(onEnded) => createApi('operator', onEnded)}>
      {({ api, session }) => <Desk api={api} session={session} />}
    </SessionFrame>
  );
}
