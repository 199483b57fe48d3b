import { useEffect, useState } from 'preact/hooks';
import { newId } from '../ids';
import { Basket, typesOf, type BasketSeat } from './basket';
import type { Amounts, Event, Order, Reservation } from './client';
import { textOf, useShop } from './context';
import { keepOrder } from './kept-order';
import { linesToCome, Problem, StepTitle, Sum, useAction } from './parts';
import { SeatMap } from './seat-map';

interface Props {
  event: Event;
  takesFocus: boolean;
  onHeld: (reservation: Reservation) => void;
  /** The event may be another than the one that was read. */
  onStale: () => void;
}

const PREVIEW_AFTER_MS = 300;

/** What an order would cost, as the API reckons; null while it is not known. */
function usePreview(order: Order | null) {
  const shop = useShop();
  const [amounts, setAmounts] = useState<Amounts | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const wanted = JSON.stringify(order);
  useEffect(() => {
    setProblem(null);
    setAmounts(null);
    if (!order) return;
    let isOver = false;
    const timer = setTimeout(() => {
      shop.client.preview(order).then(
        (preview) => {
          if (!isOver) setAmounts(preview.amounts);
        },
        (error: unknown) => {
          if (!isOver) setProblem(textOf(error, shop));
        },
      );
    }, PREVIEW_AFTER_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [wanted]);
  return { amounts, problem };
}

/** Seats by the map, or the best that are free: then the hold. */
export function Choose({ event, takesFocus, onHeld, onStale }: Props) {
  const { text, client } = useShop();
  const [mode, setMode] = useState<'map' | 'best'>('map');
  const [seats, setSeats] = useState<BasketSeat[]>([]);
  const [wanted, setCategory] = useState('');
  const [counts, setCounts] = useState<Record<string, number>>({});
  const [code, setCode] = useState('');
  /** While the hold is on its way the seats are not taken from the choice, though they are no longer free. */
  const [asked, setAsked] = useState<string[]>([]);
  const { run, isBusy, problem, setProblem } = useAction();

  const categories = event.categories.filter(({ active }) => active);
  const category =
    (categories.find(({ code: one }) => one === wanted) ?? categories[0])?.code ?? '';
  const types = typesOf(event, category);
  const wished = Object.fromEntries(
    types.flatMap(({ code: type }) => ((counts[type] ?? 0) > 0 ? [[type, counts[type]!]] : [])),
  );
  const quantity = Object.values(wished).reduce((sum, one) => sum + one, 0);
  const orderOf = (promo: string): Order | null => {
    const rest = { event: event.slug, ...(promo !== '' && { code: promo }) };
    if (mode === 'best')
      return quantity === 0
        ? null
        : { ...rest, bestAvailable: { category, quantity, priceTypes: wished } };
    return seats.length === 0
      ? null
      : { ...rest, seats: seats.map(({ label, priceType }) => ({ label, priceType })) };
  };
  const order = orderOf(code.trim());
  const preview = usePreview(order);

  const hold = () =>
    run(async () => {
      const id = newId();
      setAsked(seats.map(({ label }) => label));
      // Kept before it is sent: whatever happens to the answer, the page goes on with this key.
      const kept = { id, order: order!, token: null, isPaying: false, declined: 0 };
      keepOrder(event.slug, kept);
      try {
        const reservation = await client.hold(id, order!);
        keepOrder(event.slug, { ...kept, token: reservation.token ?? null });
        onHeld(reservation);
      } catch (error) {
        // Refused: there is nothing to go on with. Without an answer there may be.
        if ((error as { code?: string }).code !== 'no_answer') {
          keepOrder(event.slug, null);
          onStale();
        }
        setAsked([]);
        throw error;
      }
    });

  return (
    <section class="columns" aria-labelledby="step">
      <div>
        <StepTitle takesFocus={takesFocus}>{text('chooseSeats')}</StepTitle>
        <fieldset class="modes">
          <legend class="unseen">{text('chooseSeats')}</legend>
          {(['map', 'best'] as const).map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="mode"
                value={one}
                checked={mode === one}
                onChange={() => setMode(one)}
              />
              {text(one === 'map' ? 'onTheMap' : 'bestAvailable')}
            </label>
          ))}
        </fieldset>
        {mode === 'map' ? (
          <SeatMap
            event={event}
            held={asked}
            chosen={seats.map(({ label }) => label)}
            onChange={(chosen, lost) => {
              if (chosen.some((seat) => typesOf(event, seat.category).length === 0)) onStale();
              const defaultType = event.priceTypes[0]!.code;
              setSeats((before) =>
                chosen.map(
                  (seat) =>
                    before.find(({ label }) => label === seat.label) ?? {
                      ...seat,
                      priceType: defaultType,
                    },
                ),
              );
              setProblem(lost === null ? null : text('problem_seats_unavailable', { seats: lost }));
            }}
          />
        ) : (
          <div class="best">
            <label>
              {text('category')}
              <select
                value={category}
                onChange={({ currentTarget }) => setCategory(currentTarget.value)}
              >
                {categories.map(({ code: one, name }) => (
                  <option key={one} value={one} selected={one === category}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            {types.map(({ code: type, name, price }) => (
              <BestCount
                key={type}
                name={name}
                price={price}
                max={event.maxSeatsPerReservation}
                value={counts[type] ?? 0}
                onChange={(count) => setCounts({ ...counts, [type]: count })}
              />
            ))}
          </div>
        )}
      </div>
      <aside class="panel" aria-labelledby="your-seats">
        <h3 id="your-seats" tabIndex={-1}>
          {text('yourSeats')}
        </h3>
        {mode === 'map' && <Basket event={event} seats={seats} onChange={setSeats} />}
        <label>
          {text('codeOptional')}
          <input
            name="code"
            value={code}
            maxLength={64}
            autocomplete="off"
            onInput={({ currentTarget }) => setCode(currentTarget.value)}
          />
        </label>
        {order && preview.problem === null && (
          <Sum amounts={preview.amounts} toCome={linesToCome(event, order.code !== undefined)} />
        )}
        <Problem>{problem ?? preview.problem}</Problem>
        <button
          type="button"
          class="primary"
          disabled={order === null || isBusy}
          onClick={() => void hold()}
        >
          {text(isBusy ? 'working' : mode === 'best' ? 'holdBest' : 'hold')}
        </button>
      </aside>
      {seats.length > 0 && mode === 'map' && (
        <a class="to-basket" href="#your-seats">
          {`${text('yourSeats')}: ${seats.length}`}
        </a>
      )}
    </section>
  );
}

interface CountProps {
  name: string;
  price: { amount: number; currency: string };
  max: number;
  value: number;
  onChange: (count: number) => void;
}

function BestCount({ name, price, max, value, onChange }: CountProps) {
  const { text, money } = useShop();
  return (
    <label>
      {`${text('howMany', { type: name })} (${money(price)})`}
      <input
        type="number"
        inputMode="numeric"
        min={0}
        max={max}
        value={value}
        onInput={({ currentTarget }) =>
          onChange(Math.max(0, Math.min(max, Math.floor(currentTarget.valueAsNumber) || 0)))
        }
      />
    </label>
  );
}
