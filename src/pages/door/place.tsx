import { useEffect, useState } from 'preact/hooks';
import type { Api } from '../staff/api';
import { listEvents, type EventShown } from '../staff/events';
import { t, timeText } from '../staff/language';
import { FailureNote, Field, Form, Select, type Failure } from '../staff/parts';

/** Where this scanner stands. */
export interface Place {
  /** The event's slug. */
  event: string;
  eventId: string;
  name: string;
  gate: string | null;
}

const KEPT_AS = 'holdfast.door.place';
const DAY_MS = 24 * 3600 * 1000;

export function keptPlace(): Place | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT_AS) ?? 'null') as Place | null;
  } catch {
    return null;
  }
}

export function keepPlace(place: Place | null): void {
  if (place) localStorage.setItem(KEPT_AS, JSON.stringify(place));
  else localStorage.removeItem(KEPT_AS);
}

/** The events at whose doors somebody may stand today or later; all, when there is none. */
function atTheDoor(events: readonly EventShown[]): readonly EventShown[] {
  const soon = events.filter((one) => Date.parse(one.startsAt) > Date.now() - DAY_MS);
  return soon.length > 0 ? soon : events;
}

/** Asks once for the event and the gate. @param only the slug of the only event of the key */
export function ChoosePlace({
  api,
  only,
  onChosen,
}: {
  api: Api;
  only: string | null;
  onChosen: (place: Place) => void;
}) {
  const [events, setEvents] = useState<readonly EventShown[] | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  useEffect(() => {
    void listEvents(api).then((answer) => {
      if (answer.kind === 'answer')
        setEvents(answer.body.filter((one) => only === null || one.slug === only));
      else setFailure(answer);
    });
  }, []);
  const choices = events && (only === null ? atTheDoor(events) : events);
  return (
    <main class="narrow">
      <h1>{t('chooseEvent')}</h1>
      <FailureNote failure={failure} />
      {!choices && !failure && <p role="status">{t('loading')}</p>}
      {choices?.length === 0 && <p>{t('noEvents')}</p>}
      {choices && choices.length > 0 && (
        <Form
          class="card"
          onSend={({ event, gate }) => {
            const chosen = choices.find((one) => one.slug === event);
            if (chosen)
              onChosen({
                event: chosen.slug,
                eventId: chosen.id,
                name: chosen.name,
                gate: gate ? gate : null,
              });
          }}
        >
          <Select
            label={t('event')}
            name="event"
            options={choices.map((one) => [
              one.slug,
              `${one.name} · ${timeText(one.startsAt, one.timeZone)}`,
            ])}
          />
          <Field label={t('gate')} name="gate" maxLength={60} />
          <button class="main">{t('start')}</button>
        </Form>
      )}
    </main>
  );
}
