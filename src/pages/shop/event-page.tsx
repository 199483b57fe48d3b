import { useEffect, useState } from 'preact/hooks';
import { Choose } from './choose';
import { HoldfastError, type Event, type Reservation } from './client';
import { textOf, useShop } from './context';
import { Held } from './held';
import { keepOrder, readOrder, type KeptOrder } from './kept-order';
import { Problem, StepTitle } from './parts';
import { TestProviderPage } from './pay';
import { Tickets } from './tickets';

const AGAIN_MS = 1000;
/** A provider tells of a payment within seconds; then the page asks less often. */
const EAGER_LOOKS = 30;
const SELDOM_MS = 5000;

/** One event, from the choice of seats to the tickets. */
export function EventPage({ slug }: { slug: string }) {
  const shop = useShop();
  const { text, when, client } = shop;
  const [event, setEvent] = useState<Event | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [tries, setTries] = useState(0);

  useEffect(() => {
    setProblem(null);
    client.event(slug).then(setEvent, (error: unknown) => {
      const isGone = error instanceof HoldfastError && error.code === 'not_found';
      setProblem(isGone ? text('noEvent') : textOf(error, shop));
    });
  }, [slug, tries]);
  useEffect(() => {
    if (event) document.title = `${event.name} – ${text('brand')}`;
  }, [event]);

  return (
    <main>
      <nav>
        <a href="/">{text('backToEvents')}</a>
      </nav>
      {event === null ? (
        <>
          <h1>{text('brand')}</h1>
          {problem === null ? (
            <p role="status">{text('loading')}</p>
          ) : (
            <>
              <Problem>{problem}</Problem>
              <button type="button" onClick={() => setTries(tries + 1)}>
                {text('tryAgain')}
              </button>
            </>
          )}
        </>
      ) : (
        <>
          <header class="event">
            <h1 dir="auto">{event.name}</h1>
            <p>
              {event.venue !== null && <span dir="auto">{`${event.venue} · `}</span>}
              <time dateTime={event.startsAt}>{when(event.startsAt, event.timeZone)}</time>
            </p>
          </header>
          <Purchase event={event} onStale={() => setTries((count) => count + 1)} />
        </>
      )}
    </main>
  );
}

/** The way of one order: what this browser has kept of it, and what the API says. */
function Purchase({ event, onStale }: { event: Event; onStale: () => void }) {
  const shop = useShop();
  const { text, client } = shop;
  const [kept, setKept] = useState(() => readOrder(event.slug));
  const [reservation, setReservation] = useState<Reservation | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  /** Whether the step that is shown began by what the buyer did here. */
  const [isOn, setOn] = useState(false);
  const [isPaid, setPaid] = useState(false);

  const forget = () => {
    keepOrder(event.slug, null);
    setKept(null);
    setReservation(null);
    setPaid(false);
    setProblem(null);
    setOn(true);
  };
  const keep = (next: KeptOrder) => {
    keepOrder(event.slug, next);
    setKept(next);
    setOn(true);
  };

  async function reload(): Promise<void> {
    const now = readOrder(event.slug) ?? kept;
    if (!now) return;
    setReservation(await client.of(now.id, now.token).read());
  }

  /** What this browser has kept goes on where it was: the same key and body give the same reservation. */
  async function resume(): Promise<void> {
    const now = readOrder(event.slug);
    if (!now) return;
    setProblem(null);
    try {
      if (now.token === null) {
        const held = await client.hold(now.id, now.order);
        const { token = null } = held;
        keepOrder(event.slug, { ...now, token });
        setKept({ ...now, token });
        setReservation(held);
      } else await reload();
    } catch (error) {
      const isKnown = error instanceof HoldfastError && error.code !== 'no_answer';
      if (isKnown && error.code !== 'temporarily_unavailable' && error.code !== 'rate_limited')
        forget();
      setProblem(textOf(error, shop));
    }
  }

  useEffect(() => {
    void resume();
  }, []);

  const status = reservation?.status;
  // A late payment is decided in a moment: for the seats, if they are still free, or it goes back.
  const isLate = status === 'expired' && reservation!.refunds.length === 0;
  const isArriving = isPaid
    ? status === 'held' || isLate
    : isLate && reservation!.payments.length > 0;
  const isWaiting = isArriving || (isPaid && status !== 'confirmed' && status !== 'cancelled');
  useEffect(() => {
    if (!kept) return;
    // Another tab, a sleeping machine or a payment elsewhere may have changed what is shown here.
    const look = () => {
      if (document.visibilityState === 'visible') reload().catch(() => undefined);
    };
    document.addEventListener('visibilitychange', look);
    addEventListener('online', look);
    let looks = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const lookAgain = () => {
      timer = setTimeout(
        () => {
          look();
          lookAgain();
        },
        isWaiting && looks++ < EAGER_LOOKS ? AGAIN_MS : SELDOM_MS,
      );
    };
    if (status === 'held' || isWaiting) lookAgain();
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
      removeEventListener('online', look);
    };
  }, [kept?.id, status, isWaiting]);

  if (!kept || (!reservation && problem === null)) {
    return kept ? (
      <p role="status">{text('loading')}</p>
    ) : (
      <>
        <Problem>{problem}</Problem>
        <Choose
          event={event}
          takesFocus={isOn}
          onStale={onStale}
          onHeld={(held) => {
            setReservation(held);
            setKept(readOrder(event.slug) ?? null);
            setOn(true);
          }}
        />
      </>
    );
  }
  if (!reservation) {
    return (
      <>
        <Problem>{problem}</Problem>
        <button type="button" onClick={() => void resume()}>
          {text('tryAgain')}
        </button>
      </>
    );
  }
  const common = { event, reservation, kept, takesFocus: isOn, reload };
  if (reservation.status === 'confirmed' && reservation.cancelRequestedAt === null)
    return <Tickets {...common} onAnew={forget} />;
  if (isArriving)
    return (
      <section aria-labelledby="step">
        <StepTitle takesFocus>{text('payment')}</StepTitle>
        <p role="status">{text('paymentArriving')}</p>
      </section>
    );
  if (reservation.status === 'held') {
    return kept.isPaying ? (
      <TestProviderPage {...common} onKept={keep} onPaid={() => setPaid(true)} />
    ) : (
      <Held
        key={`${reservation.id} ${reservation.seats.map((seat) => seat.label + seat.priceType).join()}`}
        {...common}
        onStale={onStale}
        onPay={() => keep({ ...kept, isPaying: true })}
      />
    );
  }
  return <Over reservation={reservation} takesFocus={isOn} onAnew={forget} />;
}

interface OverProps {
  reservation: Reservation;
  takesFocus: boolean;
  onAnew: () => void;
}

/** It came to nothing: why, and what happens to the money. */
function Over({ reservation, takesFocus, onAnew }: OverProps) {
  const { text, money } = useShop();
  const { status, payments, refunds, total } = reservation;
  const wasPaid = payments.length > 0;
  const title =
    status === 'expired'
      ? text(wasPaid ? 'expiredPaid' : 'expired')
      : text(wasPaid ? 'cancelledPaid' : 'cancelled');
  const returned = refunds.reduce(
    (sum, one) => (one.status === 'failed' ? sum : sum + one.amount.amount),
    0,
  );
  return (
    <section aria-labelledby="step">
      <StepTitle takesFocus={takesFocus}>{title}</StepTitle>
      {returned > 0 && <p>{text('refunded', { price: money({ ...total, amount: returned }) })}</p>}
      <button type="button" class="primary" onClick={onAnew}>
        {text('startAnew')}
      </button>
    </section>
  );
}
