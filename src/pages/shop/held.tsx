import { useState } from 'preact/hooks';
import { Basket, typesOf, type BasketSeat } from './basket';
import type { Change, Event, Reservation } from './client';
import { useShop } from './context';
import { keepOrder, type KeptOrder } from './kept-order';
import { Countdown, Problem, StepTitle, Sum, useAction } from './parts';
import { SeatMap } from './seat-map';

interface Props {
  event: Event;
  reservation: Reservation;
  kept: KeptOrder;
  takesFocus: boolean;
  /** Reads the reservation again. */
  reload: () => Promise<void>;
  onPay: () => void;
  /** The event may be another than the one that was read. */
  onStale: () => void;
}

const basketOf = ({ seats }: Reservation): BasketSeat[] =>
  seats.map(({ label, category, priceType }) => ({ label, category, priceType }));

/** What has to be asked for so that a hold becomes what was chosen; null when it is that already. */
function changeTo(event: string, held: readonly BasketSeat[], wished: readonly BasketSeat[]) {
  const release = held.filter((seat) => !wished.some(({ label }) => label === seat.label));
  const take = wished.filter((seat) => !held.some(({ label }) => label === seat.label));
  const priceTypes = wished.flatMap(({ label, priceType }) =>
    held.some((seat) => seat.label === label && seat.priceType !== priceType)
      ? [{ seat: label, priceType }]
      : [],
  );
  const change: Change = {
    ...(release.length > 0 && { release: release.map(({ label }) => label) }),
    ...(take.length > 0 && {
      take: [{ event, seats: take.map(({ label, priceType }) => ({ label, priceType })) }],
    }),
    ...(priceTypes.length > 0 && { priceTypes }),
  };
  return Object.keys(change).length === 0 ? null : change;
}

/** Held seats: the time that is left, other seats, who the buyer is, and the way to pay. */
export function Held({ event, reservation, kept, takesFocus, reload, onPay, onStale }: Props) {
  const { text, money, client, paymentUrl } = useShop();
  const calls = client.of(kept.id, kept.token);
  const held = basketOf(reservation);
  const [seats, setSeats] = useState(held);
  const [asked, setAsked] = useState<string[]>([]);
  const [name, setName] = useState(reservation.buyer?.name ?? '');
  const [email, setEmail] = useState(reservation.buyer?.email ?? '');
  const { run, isBusy, problem, setProblem } = useAction();
  const change = changeTo(event.slug, held, seats);

  const applyChange = () =>
    run(async () => {
      setAsked(seats.map(({ label }) => label));
      try {
        await calls.change(change!);
        await reload();
      } finally {
        setAsked([]);
      }
    });
  const letGo = () =>
    run(async () => {
      await calls.cancel();
      keepOrder(event.slug, null);
      await reload();
    });
  const pay = () =>
    run(async () => {
      const isKnown = reservation.buyer?.name === name && reservation.buyer.email === email;
      if (!isKnown) await calls.setBuyer({ name, email });
      if (paymentUrl === null) {
        onPay();
        return;
      }
      const target = new URL(paymentUrl);
      target.searchParams.set('reservation', kept.id);
      target.searchParams.set('return', location.href);
      location.assign(target);
    });

  return (
    <section class="columns" aria-labelledby="step">
      <div>
        <StepTitle takesFocus={takesFocus}>{text('yourSeats')}</StepTitle>
        <Countdown until={reservation.expiresAt} onEnd={() => void run(reload)} />
        <p class="soft">{text('changeHint')}</p>
        <SeatMap
          event={event}
          held={[...held.map(({ label }) => label), ...asked]}
          chosen={seats.map(({ label }) => label)}
          onChange={(chosen, lost) => {
            if (chosen.some((seat) => typesOf(event, seat.category).length === 0)) onStale();
            const defaultType = event.priceTypes[0]!.code;
            setSeats((before) =>
              chosen.map(
                (seat) =>
                  [...before, ...held].find(({ label }) => label === seat.label) ?? {
                    ...seat,
                    priceType: defaultType,
                  },
              ),
            );
            setProblem(lost === null ? null : text('problem_seats_unavailable', { seats: lost }));
          }}
        />
      </div>
      <aside class="panel" aria-labelledby="held-seats">
        <h3 id="held-seats">{text('yourSeats')}</h3>
        <Basket event={event} seats={seats} onChange={setSeats} />
        {change === null ? (
          <Sum amounts={reservation.amounts} />
        ) : (
          <div class="row">
            <button
              type="button"
              class="primary"
              disabled={isBusy || seats.length === 0}
              onClick={() => void applyChange()}
            >
              {text(isBusy ? 'working' : 'changeSeats')}
            </button>
            <button type="button" onClick={() => setSeats(held)}>
              {text('undoChange')}
            </button>
          </div>
        )}
        <form
          aria-labelledby="about-you"
          onSubmit={(submitted) => {
            submitted.preventDefault();
            void pay();
          }}
        >
          <h3 id="about-you">{text('aboutYou')}</h3>
          <label>
            {text('name')}
            <input
              name="name"
              required
              maxLength={200}
              autocomplete="name"
              value={name}
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
          </label>
          <label>
            {text('email')}
            <input
              name="email"
              type="email"
              required
              maxLength={254}
              autocomplete="email"
              aria-describedby="email-hint"
              value={email}
              onInput={({ currentTarget }) => setEmail(currentTarget.value)}
            />
          </label>
          <p class="soft" id="email-hint">
            {text('emailHint')}
          </p>
          <Problem>{problem}</Problem>
          <button type="submit" class="primary" disabled={isBusy || change !== null}>
            {isBusy ? text('working') : text('pay', { price: money(reservation.amounts.total) })}
          </button>
        </form>
        <div class="row">
          <button
            type="button"
            disabled={isBusy}
            onClick={() =>
              void run(async () => {
                await calls.extend();
                await reload();
              })
            }
          >
            {text('moreTime')}
          </button>
          <button type="button" disabled={isBusy} onClick={() => void letGo()}>
            {text('letGo')}
          </button>
        </div>
      </aside>
    </section>
  );
}
