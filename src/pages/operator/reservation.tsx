import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Api } from '../staff/api';
import { listAll } from '../staff/events';
import { moneyText, momentText, t, timeText, tOf } from '../staff/language';
import { failureText, type SignedIn } from '../staff/parts';
import { Change } from './change';
import { Details } from './details';
import { eventLink } from './links';
import { Facts, Loading, Status, Table, useLoad } from './lists';
import { Cancel, CorrectBuyer, Extend, MarkSucceeded, Refund, Resend } from './reservation-actions';
import type { RefundShown, ReservationShown, StoryEntry, TicketShown } from './types';

const ACTIONS = {
  extend: Extend,
  cancel: Cancel,
  refund: Refund,
  resend: Resend,
  correctBuyer: CorrectBuyer,
  change: Change,
} as const;
type ActionName = keyof typeof ACTIONS;

/** Which actions make sense; the API decides. */
const ACTIONS_OF: Record<string, readonly ActionName[]> = {
  held: ['extend', 'change', 'correctBuyer', 'cancel'],
  confirmed: ['refund', 'change', 'resend', 'correctBuyer', 'cancel'],
  cancelled: ['refund'],
};

/** After an action the actor and the printer go on for a moment. */
const LOOK_AGAIN_MS = [0, 1500, 4000, 10_000, 20_000, 40_000];

/** Its story from the hold to the door. */
function Story({ entries }: { entries: readonly StoryEntry[] }) {
  return (
    <ol class="story">
      {entries.map((entry, index) => (
        <li key={index} class={entry.type.split('.')[0]}>
          <p class="what">
            <b>{tOf('type', entry.type)}</b>{' '}
            <time class="soft" dateTime={entry.at}>
              {momentText(entry.at)}
            </time>
          </p>
          <p class="fine">
            {t('who')} <bdi>{entry.actor}</bdi>
          </p>
          <Details data={entry.data} />
        </li>
      ))}
    </ol>
  );
}

const Section = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section class="card">
    <h2>{title}</h2>
    {children}
  </section>
);

function Money({
  reservation,
  onMark,
}: {
  reservation: ReservationShown;
  onMark: (refund: RefundShown) => void;
}) {
  const { amounts, payments, refunds } = reservation;
  const names = ['tickets', 'discount', 'fees', 'tax', 'total', 'paid', 'refunded', 'retained'];
  return (
    <Section title={t('money')}>
      <Facts
        facts={(names as (keyof typeof amounts)[]).map((name) => [
          t(name),
          moneyText(amounts[name]),
        ])}
      />
      {payments.length > 0 && (
        <>
          <h3>{t('payments')}</h3>
          <Table
            caption={t('payments')}
            heads={[t('reference'), t('amount'), t('status')]}
            rows={payments.map((one) => ({
              id: one.reference,
              cells: [
                <code>{one.reference}</code>,
                moneyText(one.amount),
                <Status status={one.status} />,
              ],
            }))}
          />
        </>
      )}
      {refunds.length > 0 && (
        <>
          <h3>{t('refunds')}</h3>
          <Table
            caption={t('refunds')}
            heads={[t('amount'), t('status'), t('reason'), t('givenBackBy'), t('error'), '']}
            rows={refunds.map((one) => ({
              id: one.id,
              cells: [
                moneyText(one.amount),
                <Status status={one.status} />,
                <bdi>{one.reason}</bdi>,
                one.by,
                one.error,
                one.by === 'client' && one.status === 'pending' ? (
                  <button onClick={() => onMark(one)}>{t('markSucceeded')}</button>
                ) : null,
              ],
            }))}
          />
        </>
      )}
    </Section>
  );
}

function Workflows({ id, temporal }: { id: string; temporal: SignedIn['temporal'] }) {
  if (!temporal) return null;
  const filter = `ReservationId="${id.replaceAll(/["\\]/g, '\\$&')}"`;
  return (
    <Section title={t('workflows')}>
      <ul class="plain">
        <li>
          <a href={temporal.workflow + encodeURIComponent(id)} target="_blank" rel="noreferrer">
            {t('itsWorkflow')}
          </a>
        </li>
        <li>
          <a href={temporal.query + encodeURIComponent(filter)} target="_blank" rel="noreferrer">
            {t('allWorkflows')}
          </a>
        </li>
      </ul>
    </Section>
  );
}

/** One reservation: how it stands, its money, its tickets, what happened, and what can be done. */
export function Reservation({ api, session, id }: { api: Api; session: SignedIn; id: string }) {
  const path = `/v1/reservations/${encodeURIComponent(id)}`;
  const { loaded, reload } = useLoad<ReservationShown>(() => api('GET', path), [id]);
  const story = useLoad<StoryEntry[]>(() => listAll(api, `${path}/history`), [id]);
  const tickets = useLoad<{ data: TicketShown[] }>(() => api('GET', `${path}/tickets`), [id]);
  const [open, setOpen] = useState<ActionName | null>(null);
  const [marked, setMarked] = useState<RefundShown | null>(null);
  const [said, setSaid] = useState('');

  const lookAgain = () =>
    Promise.all([reload(), story.reload(), tickets.reload()]).then(() => undefined);
  function done(): void {
    setOpen(null);
    setMarked(null);
    setSaid(t('done'));
    for (const ms of LOOK_AGAIN_MS) setTimeout(() => void lookAgain(), ms);
  }
  const Open = open && ACTIONS[open];

  return (
    <Loading loaded={loaded}>
      {(reservation) => (
        <>
          <h1>
            {t('reservation')} <code>{reservation.id}</code>
          </h1>
          <p class="row">
            <Status status={reservation.status} />
            {reservation.cancelRequestedAt !== null && reservation.status === 'confirmed' && (
              <span>{t('beingCancelled', { at: timeText(reservation.cancelRequestedAt) })}</span>
            )}
            <button class="plain" onClick={() => void lookAgain()}>
              {t('refresh')}
            </button>
            <span role="status">{said}</span>
          </p>
          <div class="row actions" role="group" aria-label={t('actions')}>
            {(ACTIONS_OF[reservation.status] ?? []).map((name) => (
              <button
                key={name}
                onClick={() => {
                  setSaid('');
                  setOpen(name);
                }}
              >
                {t(name)}
              </button>
            ))}
          </div>
          <div class="columns">
            <div>
              <Section title={t('reservation')}>
                <Facts
                  wide
                  facts={[
                    [
                      t('event'),
                      reservation.event === null ? (
                        t('severalEvents')
                      ) : (
                        <a href={eventLink(reservation.event)}>{reservation.event}</a>
                      ),
                    ],
                    [
                      t('buyer'),
                      reservation.buyer
                        ? `${reservation.buyer.name} <${reservation.buyer.email}>`
                        : t('noBuyer'),
                    ],
                    [t('reference'), reservation.reference],
                    [t('code'), reservation.code],
                    [t('created'), timeText(reservation.createdAt)],
                    [t('changedAt'), timeText(reservation.updatedAt)],
                    [
                      t('holdEnds'),
                      reservation.status === 'held' ? timeText(reservation.expiresAt) : null,
                    ],
                    ...Object.entries(reservation.metadata),
                  ]}
                />
                <Table
                  caption={t('seats')}
                  heads={[
                    t('seat'),
                    ...(reservation.event === null ? [t('event')] : []),
                    t('category'),
                    t('priceType'),
                    t('price'),
                  ]}
                  rows={reservation.seats.map((seat) => ({
                    id: `${seat.event} ${seat.label}`,
                    cells: [
                      seat.label,
                      ...(reservation.event === null ? [seat.event] : []),
                      seat.category,
                      seat.priceType,
                      moneyText(seat.price),
                    ],
                  }))}
                />
              </Section>
              <Money reservation={reservation} onMark={setMarked} />
              <Section title={t('tickets')}>
                {tickets.loaded && 'kind' in tickets.loaded ? (
                  <p class="soft">{failureText(tickets.loaded)}</p>
                ) : (
                  <Loading loaded={tickets.loaded}>
                    {({ data }) => (
                      <Table
                        caption={t('tickets')}
                        heads={[t('seat'), t('holder'), t('status')]}
                        rows={data.map((one) => ({
                          id: one.code,
                          cells: [
                            one.seat,
                            <bdi>{one.holder}</bdi>,
                            <Status status={one.status} />,
                          ],
                        }))}
                      />
                    )}
                  </Loading>
                )}
              </Section>
              <Workflows id={reservation.id} temporal={session.temporal} />
            </div>
            <Section title={t('story')}>
              <Loading loaded={story.loaded}>{(entries) => <Story entries={entries} />}</Loading>
            </Section>
          </div>
          {Open && (
            <Open api={api} reservation={reservation} onDone={done} onClose={() => setOpen(null)} />
          )}
          {marked && (
            <MarkSucceeded
              api={api}
              refund={marked}
              onDone={done}
              onClose={() => setMarked(null)}
            />
          )}
        </>
      )}
    </Loading>
  );
}
