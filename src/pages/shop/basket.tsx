import type { Event, SeatWish } from './client';
import { useShop } from './context';

/**
 * The price types at which seats of a category are sold, the default first; none of a category that the event did not
 * have when it was read.
 * @param own the type of a seat: it stays, though it is no longer sold
 */
export function typesOf(event: Event, category: string, own?: string) {
  const found = event.categories.find(({ code }) => code === category);
  if (!found) return [];
  return event.priceTypes.flatMap(({ code, name, active }, index) => {
    const price = index === 0 ? found.price : found.prices[code];
    return price && (active || code === own) ? [{ code, name, price }] : [];
  });
}

export type BasketSeat = SeatWish & { category: string };

interface Props {
  event: Event;
  seats: readonly BasketSeat[];
  onChange: (seats: BasketSeat[]) => void;
}

/** The chosen seats, each with its price type and a way to put it back. */
export function Basket({ event, seats, onChange }: Props) {
  const { text, money } = useShop();
  if (seats.length === 0) return <p class="soft">{text('nothingChosen')}</p>;
  return (
    <ul class="basket">
      {seats.map((seat) => {
        const types = typesOf(event, seat.category, seat.priceType);
        const type = types.find(({ code }) => code === seat.priceType) ?? types[0];
        const choose = (priceType: string) =>
          onChange(seats.map((one) => (one === seat ? { ...one, priceType } : one)));
        return (
          <li key={seat.label}>
            <b dir="auto">{seat.label}</b>
            {type && types.length > 1 ? (
              <select
                aria-label={text('priceTypeOf', { seat: seat.label })}
                value={type.code}
                onChange={({ currentTarget }) => choose(currentTarget.value)}
              >
                {types.map(({ code, name, price }) => (
                  <option key={code} value={code} selected={code === type.code}>
                    {`${name}, ${money(price)}`}
                  </option>
                ))}
              </select>
            ) : (
              <span>{type && money(type.price)}</span>
            )}
            <button
              type="button"
              class="icon"
              aria-label={text('remove', { seat: seat.label })}
              onClick={() => onChange(seats.filter((one) => one !== seat))}
            >
              ×
            </button>
          </li>
        );
      })}
    </ul>
  );
}
