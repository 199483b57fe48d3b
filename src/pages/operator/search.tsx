import { useState } from 'preact/hooks';
import type { Api } from '../staff/api';
import { listEvents, type EventShown } from '../staff/events';
import { moneyText, t, timeText, tOf } from '../staff/language';
import { FailureNote, Field, Form, Select, type Failure } from '../staff/parts';
import { ReservationLink, reservationLink } from './links';
import { Status, Table, useLoad } from './lists';
import type { ReservationShown } from './types';

const STATUSES = ['held', 'confirmed', 'expired', 'cancelled'];

/** What was asked last: kept here, and not in the address, because it may name a person. */
let lastAsked: Record<string, string> = {};
let lastFound: ReservationShown[] | null = null;
let lastCursor: string | null = null;

function ReservationTable({ rows }: { rows: readonly ReservationShown[] }) {
  return (
    <Table
      caption={t('found')}
      heads={[
        t('reservationId'),
        t('status'),
        t('event'),
        t('seats'),
        t('buyer'),
        t('total'),
        t('created'),
      ]}
      rows={rows.map((one) => ({
        id: one.id,
        cells: [
          <ReservationLink id={one.id} />,
          <Status status={one.status} />,
          one.event ?? t('severalEvents'),
          one.seats.map((seat) => seat.label).join(', '),
          one.buyer ? (
            <>
              <bdi>{one.buyer.name}</bdi>
              <br />
              <span class="soft">{one.buyer.email}</span>
            </>
          ) : (
            t('noBuyer')
          ),
          moneyText(one.total),
          timeText(one.createdAt),
        ],
      }))}
    />
  );
}

export function Search({ api }: { api: Api }) {
  const { loaded } = useLoad<EventShown[]>(() => listEvents(api), []);
  const events = loaded && 'value' in loaded ? loaded.value : [];
  const [event, setEvent] = useState(lastAsked.event ?? '');
  const [status, setStatus] = useState(lastAsked.status ?? '');
  const [found, setFound] = useState(lastFound);
  const [cursor, setCursor] = useState(lastCursor);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);

  async function ask(texts: Record<string, string>, from: string | null): Promise<void> {
    const filled = Object.entries(texts).filter(([name, text]) => name !== 'id' && text !== '');
    const query = new URLSearchParams([...filled, ['limit', '50']]);
    if (from !== null) query.set('cursor', from);
    setBusy(true);
    const answer = await api<{ data: ReservationShown[]; nextCursor: string | null }>(
      'GET',
      `/v1/reservations?${query}`,
    );
    setBusy(false);
    if (answer.kind !== 'answer') {
      setFailure(answer);
      return;
    }
    setFailure(null);
    lastAsked = texts;
    lastFound = [...(from === null ? [] : (found ?? [])), ...answer.body.data];
    lastCursor = answer.body.nextCursor;
    setFound(lastFound);
    setCursor(lastCursor);
  }

  return (
    <>
      <h1>{t('searchTitle')}</h1>
      <Form
        class="card search"
        onSend={(texts) => {
          if (texts.id) location.hash = reservationLink(texts.id);
          else return ask(texts, null);
        }}
      >
        <Field label={t('reservationId')} name="id" maxLength={128} />
        <Field
          label={t('email')}
          name="email"
          type="email"
          maxLength={254}
          defaultValue={lastAsked.email ?? ''}
        />
        <Field
          label={t('reference')}
          name="reference"
          maxLength={200}
          defaultValue={lastAsked.reference ?? ''}
        />
        <Field
          label={t('payment')}
          name="payment"
          maxLength={255}
          defaultValue={lastAsked.payment ?? ''}
        />
        <Select
          label={t('event')}
          name="event"
          value={event}
          onChange={({ currentTarget }) => setEvent(currentTarget.value)}
          options={[['', t('anyEvent')], ...events.map((one) => [one.slug, one.name] as const)]}
        />
        <Field label={t('seatOf')} name="seat" defaultValue={lastAsked.seat ?? ''} />
        <Select
          label={t('status')}
          name="status"
          value={status}
          onChange={({ currentTarget }) => setStatus(currentTarget.value)}
          options={[
            ['', t('anyStatus')],
            ...STATUSES.map((one) => [one, tOf('status', one)] as const),
          ]}
        />
        <div class="end">
          <button class="main" disabled={busy}>
            {t('find')}
          </button>
        </div>
      </Form>
      <FailureNote failure={failure} />
      <div role="status" class="unseen">
        {found && (found.length === 0 ? t('nothingFound') : `${found.length} ${t('found')}`)}
      </div>
      {found?.length === 0 && <p>{t('nothingFound')}</p>}
      {found && found.length > 0 && (
        <section class="card">
          <h2>{t('found')}</h2>
          <ReservationTable rows={found} />
          {cursor !== null && (
            <button disabled={busy} onClick={() => void ask(lastAsked, cursor)}>
              {t('more')}
            </button>
          )}
        </section>
      )}
    </>
  );
}
