import { useState } from 'preact/hooks';
import type { Api } from '../staff/api';
import { listEvents, type EventShown } from '../staff/events';
import { moneyText, numberText, t, timeText } from '../staff/language';
import { SaleChart } from './chart';
import { Allotments, BlockSeats, EditEvent, Pause } from './event-actions';
import { eventLink } from './links';
import { Facts, Loading, Status, Table, useLoad } from './lists';
import { countSeats, SEAT_STATES, SeatPlan, useLiveSeats } from './seat-plan';
import type { MapSeat, ReportShown } from './types';

/** All events, the next ones first. */
export function Events({ api }: { api: Api }) {
  const { loaded } = useLoad<EventShown[]>(() => listEvents(api), []);
  const isOver = (one: EventShown) => Date.parse(one.startsAt) < Date.now();
  return (
    <>
      <h1>{t('events')}</h1>
      <Loading loaded={loaded}>
        {(events) => (
          <section class="card">
            <Table
              caption={t('events')}
              heads={[t('event'), t('starts'), t('venue')]}
              rows={[...events.filter((one) => !isOver(one)), ...events.filter(isOver)].map(
                (one) => ({
                  id: one.id,
                  cells: [
                    <a href={eventLink(one.slug)} dir="auto">
                      {one.name}
                    </a>,
                    timeText(one.startsAt, one.timeZone),
                    <bdi>{one.venue}</bdi>,
                  ],
                }),
              )}
            />
          </section>
        )}
      </Loading>
    </>
  );
}

/** The seats as they are now, live. */
function LiveSeats({
  event,
  seats,
  onEdited,
}: {
  event: EventShown;
  seats: readonly MapSeat[];
  onEdited: () => void;
}) {
  const { seats: now, isLive } = useLiveSeats(event.slug, seats, onEdited);
  const nameOf = (code: string) => event.categories.find((one) => one.code === code)?.name ?? code;
  return (
    <>
      <p role="status">{isLive ? '' : t('notLive')}</p>
      <Table
        caption={t('saleNow')}
        heads={[t('category'), t('free'), t('held'), t('sold'), t('blocked')]}
        rows={[...countSeats(now)].map(([category, counts]) => ({
          id: category,
          cells: [
            <bdi>{nameOf(category)}</bdi>,
            ...SEAT_STATES.map((state) => numberText(counts[state])),
          ],
        }))}
      />
      <SeatPlan seats={now} />
    </>
  );
}

const TOTALS = [
  'tickets',
  'discounts',
  'fees',
  'tax',
  'sold',
  'payments',
  'refunds',
  'retained',
  'owed',
];

function Report({ report }: { report: ReportShown }) {
  return (
    <>
      <p class="soft">{t('asOf', { at: timeText(report.asOf) })}</p>
      <Table
        caption={t('report')}
        heads={[t('status'), t('category'), t('priceType'), t('seats'), t('tickets')]}
        rows={report.lines.map((line) => ({
          id: `${line.state} ${line.category} ${line.priceType}`,
          cells: [
            <Status status={line.state} />,
            line.category,
            line.priceType,
            numberText(line.seats),
            moneyText(line.tickets),
          ],
        }))}
      />
      <Facts
        facts={TOTALS.flatMap((name) => {
          const money = report.totals[name];
          return money ? [[totalName(name), moneyText(money)] as const] : [];
        })}
      />
    </>
  );
}

function totalName(name: string): string {
  switch (name) {
    case 'discounts':
      return t('discount');
    case 'tickets':
    case 'fees':
    case 'tax':
    case 'sold':
    case 'payments':
    case 'refunds':
    case 'retained':
      return t(name);
    default:
      return t('owed');
  }
}

const ACTIONS = { pause: Pause, editEvent: EditEvent, blockSeats: BlockSeats } as const;

/** An event's sale as it goes, and what an operator can do about it. */
export function EventPage({ api, slug }: { api: Api; slug: string }) {
  const path = `/v1/events/${encodeURIComponent(slug)}`;
  const { loaded, reload } = useLoad<EventShown>(() => api('GET', path), [slug]);
  const seats = useLoad<{ data: MapSeat[] }>(() => api('GET', `${path}/seats`), [slug]);
  const report = useLoad<ReportShown>(() => api('GET', `${path}/report`), [slug]);
  const [open, setOpen] = useState<keyof typeof ACTIONS | null>(null);
  const [said, setSaid] = useState('');
  const Open = open && ACTIONS[open];
  const show = (name: keyof typeof ACTIONS) => {
    setSaid('');
    setOpen(name);
  };
  const lookAgain = () => Promise.all([reload(), seats.reload(), report.reload()]);
  return (
    <Loading loaded={loaded}>
      {(event, etag) => (
        <>
          <h1 dir="auto">{event.name}</h1>
          <p class="row">
            <span>{timeText(event.startsAt, event.timeZone)}</span>
            {event.venue !== null && <bdi>{event.venue}</bdi>}
            {event.salesPaused === true && <b>{t('paused')}</b>}
            <button class="plain" onClick={() => void lookAgain()}>
              {t('refresh')}
            </button>
            <span role="status">{said}</span>
          </p>
          <div class="row actions" role="group" aria-label={t('actions')}>
            <button onClick={() => show('pause')}>
              {t(event.salesPaused === true ? 'resume' : 'pause')}
            </button>
            <button onClick={() => show('editEvent')}>{t('editEvent')}</button>
            <button onClick={() => show('blockSeats')}>{t('blockSeats')}</button>
          </div>
          <section class="card">
            <h2>{t('saleNow')}</h2>
            <Loading loaded={seats.loaded}>
              {({ data }) => (
                <LiveSeats
                  event={event}
                  seats={data}
                  onEdited={() => void Promise.all([reload(), seats.reload()])}
                />
              )}
            </Loading>
          </section>
          <section class="card">
            <h2>{t('overTime')}</h2>
            <SaleChart api={api} event={slug} />
          </section>
          <section class="card">
            <h2>{t('report')}</h2>
            <Loading loaded={report.loaded}>{(value) => <Report report={value} />}</Loading>
          </section>
          <section class="card">
            <h2>{t('allotments')}</h2>
            <Allotments api={api} event={event} />
          </section>
          {Open && (
            <Open
              api={api}
              event={event}
              etag={etag}
              onDone={() => {
                setOpen(null);
                setSaid(t('done'));
                void lookAgain();
              }}
              onClose={() => setOpen(null)}
            />
          )}
        </>
      )}
    </Loading>
  );
}
