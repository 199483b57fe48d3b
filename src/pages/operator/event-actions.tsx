import { useState } from 'preact/hooks';
import type { Api } from '../staff/api';
import { listAll, type EventShown } from '../staff/events';
import { newId } from '../ids';
import { t, timeText } from '../staff/language';
import { failureText, Field } from '../staff/parts';
import { labelsOf } from './amounts';
import { ActionDialog } from './dialog';
import { Table, useLoad } from './lists';

interface EventActionProps {
  api: Api;
  event: EventShown;
  /** Of the event's definition as it is shown: what has changed since is not overwritten. */
  etag: string | null;
  onDone: () => void;
  onClose: () => void;
}

const pathOf = ({ slug }: EventShown): string => `/v1/events/${encodeURIComponent(slug)}`;
const ifMatch = (etag: string | null) => ({ headers: { 'if-match': etag ?? '*' } });

export const Pause = ({ api, event, etag, ...rest }: EventActionProps) => {
  const paused = event.salesPaused === true;
  return (
    <ActionDialog
      {...rest}
      title={t(paused ? 'resume' : 'pause')}
      ask={t(paused ? 'resumeAsk' : 'pauseAsk')}
      send={() => api('PATCH', pathOf(event), { body: { salesPaused: !paused }, ...ifMatch(etag) })}
    />
  );
};

const EDITED = ['name', 'venue', 'startsAt', 'salesOpenAt', 'salesCloseAt'] as const;

export const EditEvent = ({ api, event, etag, ...rest }: EventActionProps) => (
  <ActionDialog
    {...rest}
    title={t('editEvent')}
    ask={event.name}
    send={({ notify, maxSeatsPerReservation, ...texts }) => {
      const changed = EDITED.filter((name) => texts[name] !== (event[name] ?? ''));
      const most = Number(maxSeatsPerReservation);
      const body = {
        ...Object.fromEntries(changed.map((name) => [name, texts[name] || null])),
        ...(most !== event.maxSeatsPerReservation && { maxSeatsPerReservation: most }),
        ...(notify && { notify: true }),
      };
      return api('PATCH', pathOf(event), { body, ...ifMatch(etag) });
    }}
  >
    {EDITED.map((name) => (
      <Field
        key={name}
        label={t(name)}
        name={name}
        required={name === 'name' || name === 'startsAt'}
        maxLength={200}
        defaultValue={event[name] ?? ''}
      />
    ))}
    <Field
      label={t('maxSeats')}
      name="maxSeatsPerReservation"
      type="number"
      min={1}
      max={100}
      required
      defaultValue={String(event.maxSeatsPerReservation)}
    />
    <label class="check">
      <input type="checkbox" name="notify" /> {t('notify')}
    </label>
  </ActionDialog>
);

export function BlockSeats({ api, event, etag: _, ...rest }: EventActionProps) {
  const [key] = useState(newId);
  return (
    <ActionDialog
      {...rest}
      title={t('blockSeats')}
      ask={t('blockAsk')}
      send={({ name, labels = '', client, until }) =>
        api('POST', `${pathOf(event)}/allotments`, {
          headers: { 'idempotency-key': key },
          body: { name, seats: labelsOf(labels), client: client || null, until: until || null },
        })
      }
    >
      <Field label={t('name')} name="name" required maxLength={60} />
      <Field label={t('labels')} name="labels" required />
      <Field label={t('forClient')} name="client" />
      <Field label={t('until')} name="until" />
    </ActionDialog>
  );
}

interface Allotment {
  id: string;
  name: string;
  client: string | null;
  until: string | null;
}

/** What is kept from the open sale, each to be ended. */
export function Allotments({ api, event }: { api: Api; event: EventShown }) {
  const path = `${pathOf(event)}/allotments`;
  const { loaded, reload } = useLoad<Allotment[]>(() => listAll(api, path), [event]);
  const [ending, setEnding] = useState<{ allotment: Allotment; etag: string | null } | null>(null);
  if (!loaded) return <p role="status">{t('loading')}</p>;
  if ('kind' in loaded)
    return <p class="soft">{t('notThere', { problem: failureText(loaded) })}</p>;
  if (loaded.value.length === 0) return <p class="soft">{t('none')}</p>;
  return (
    <>
      <Table
        caption={t('allotments')}
        heads={[t('name'), t('forClient'), t('until'), '']}
        rows={loaded.value.map((one) => ({
          id: one.id,
          cells: [
            <bdi>{one.name}</bdi>,
            one.client,
            one.until && timeText(one.until),
            <button onClick={() => setEnding({ allotment: one, etag: null })}>
              {t('endAllotment')}
            </button>,
          ],
        }))}
      />
      {ending && (
        <ActionDialog
          title={t('endAllotment')}
          ask={t('endAllotmentAsk', { name: ending.allotment.name })}
          send={() => api('DELETE', `${path}/${encodeURIComponent(ending.allotment.id)}`)}
          onDone={() => {
            setEnding(null);
            void reload();
          }}
          onClose={() => setEnding(null)}
        />
      )}
    </>
  );
}
