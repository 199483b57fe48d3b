import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { textOf, useShop } from './context';
import { serverNow, type Amounts } from './client';

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

export function Sum({ amounts }: { amounts: Amounts }) {
  const { text, money } = useShop();
  const { tickets, discount, fees, tax, taxIncluded, total } = amounts;
  const line = (name: string, value: string) => (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
  const before = { ...tickets, amount: tickets.amount + discount.amount };
  return (
    <dl class="sum">
      {line(text('tickets'), money(before))}
      {discount.amount > 0 && line(text('discount'), `−${money(discount)}`)}
      {fees.amount > 0 && line(text('fees'), money(fees))}
      {tax.amount > 0 && !taxIncluded && line(text('tax'), money(tax))}
      <div class="total">
        <dt>{text('total')}</dt>
        <dd>{money(total)}</dd>
      </div>
      {tax.amount > 0 && taxIncluded && line(text('taxIncluded'), money(tax))}
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
