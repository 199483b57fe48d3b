import { useState } from 'preact/hooks';
import { createApi, type Api } from '../staff/api';
import { SessionFrame, type SignedIn } from '../staff/parts';
import { Door } from './door';
import { ChoosePlace, keepPlace, keptPlace, type Place } from './place';

function Stand({ api, session }: { api: Api; session: SignedIn }) {
  const [place, setPlace] = useState<Place | null>(() => {
    const kept = keptPlace();
    return session.event === null || kept?.event === session.event ? kept : null;
  });
  const move = (next: Place | null) => {
    keepPlace(next);
    setPlace(next);
  };
  return place ? (
    <Door api={api} place={place} onLeave={() => move(null)} />
  ) : (
    <ChoosePlace api={api} only={session.event} onChosen={move} />
  );
}

/** `/door`: who checks tickets in signs in with the key of a scanner, chooses the event, and scans. */
export function DoorApp() {
  return (
    <SessionFrame page="door" makeApi={(onEnded) => createApi('door', onEnded)}>
      {({ api, session }) => <Stand api={api} session={session} />}
    </SessionFrame>
  );
}
