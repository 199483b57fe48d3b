import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { textOf, useShop } from './context';
import { serverNow, type Amounts, type Event } from './client';

/** The heading of a step. When a step begins by what the buyer did, the focus goes there. */
export function StepTitle({ children, takesFocus }: { children: string; takesFocus: boolean }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takesFocus) title.current?.focus();
  }, []);
  return (
    <h2 ref={title} id="step" tabIndex={-1}>
      {children}
    </h2>
  );
}

export function Problem({ children }: { children: string | null }) {
  return (
    <div role="alert" class="alert">
      {children === null ? null : <p class="problem">{children}</p>}
    </div>
  );
}

/** Runs one thing at a time. What goes wrong is kept as a text. */
export function useAction() {
  const shop = useShop();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const running = useRef(false);
  async function run(act: () => Promise<void>): Promise<void> {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await act();
    } catch (error) {
      setProblem(textOf(error, shop));
    } finally {
      running.current = false;
      setBusy(false);
    }
  }
  return { run, isBusy, problem, setProblem };
}

/** Which lines a sum has besides the tickets and the total. */
interface SumLines {
  discount: boolean;
  fees: boolean;
  tax: 'none' | 'added' | 'included';
}

const FEWEST_LINES: SumLines = { discount: false, fees: false, tax: 'none' };

const linesOf = ({ discount, fees, tax, taxIncluded }: Amounts): SumLines => ({
  discount: discount.amount > 0,
  fees: fees.amount > 0,
  tax: tax.amount === 0 ? 'none' : taxIncluded ? 'included' : 'added',
});

/** The lines that an order for an event will have, as far as that can be known before. */
export const linesToCome = ({ fees, tax }: Event, hasCode: boolean): SumLines => ({
  discount: hasCode,
  fees: fees.length > 0,
  tax: tax === null ? 'none' : tax.included ? 'included' : 'added',
});

/**
 * What an order costs. While that is not known its lines keep their place, so that the button below them does not move
 * away under a pointer when the figures come.
 * @param toCome which lines those are
 */
export function Sum({
  amounts,
  toCome = FEWEST_LINES,
}: {
  amounts: Amounts | null;
  toCome?: SumLines;
}) {
  const { text, money } = useShop();
  const { discount, fees, tax } = amounts ? linesOf(amounts) : toCome;
  const line = (name: string, value: (of: Amounts) => string) => (
    <>
      <dt>{name}</dt>
      <dd>{amounts ? value(amounts) : '…'}</dd>
    </>
  );
  const listPrice = ({ tickets, discount: less }: Amounts) =>
    money({ ...tickets, amount: tickets.amount + less.amount });
  const taxOf = (name: string) => <div>{line(name, (of) => money(of.tax))}</div>;
  return (
    <dl class="sum">
      <div>{line(text('tickets'), listPrice)}</div>
      {discount && <div>{line(text('discount'), (of) => `−${money(of.discount)}`)}</div>}
      {fees && <div>{line(text('fees'), (of) => money(of.fees))}</div>}
      {tax === 'added' && taxOf(text('tax'))}
      <div class="total">{line(text('total'), (of) => money(of.total))}</div>
      {tax === 'included' && taxOf(text('taxIncluded'))}
    </dl>
  );
}

const TICK_MS = 250;
const SPOKEN_MINUTES = [5, 2, 1];

/** The time that is left of a hold, by the server's clock. @param onEnd called once when it is over */
export function Countdown({ until, onEnd }: { until: string; onEnd: () => void }) {
  const { text } = useShop();
  const left = () => Math.max(0, Date.parse(until) - serverNow());
  const [leftMs, setLeftMs] = useState(left());
  useEffect(() => {
    const timer = setInterval(() => {
      const now = left();
      setLeftMs(now);
      if (now > 0) return;
      clearInterval(timer);
      onEnd();
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [until]);
  const seconds = Math.ceil(leftMs / 1000);
  const minutes = Math.ceil(seconds / 60);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return (
    <div class={`countdown${seconds <= 60 ? ' soon' : ''}`}>
      <p role="timer">{text('heldFor', { time: clock })}</p>
      <p role="status" class="unseen">
        {SPOKEN_MINUTES.includes(minutes) ? text('heldUntilSpoken', { minutes }) : ''}
      </p>
    </div>
  );
}

/** Asks before something that cannot be undone. */
export function Dialog({
  children,
  onClose,
}: {
  children: ComponentChildren;
  onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onCancel={onClose} aria-labelledby="question">
      {children}
    </dialog>
  );
}
