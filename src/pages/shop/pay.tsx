import type { Event, Reservation } from './client';
import { useShop } from './context';
import { keepOrder, type KeptOrder } from './kept-order';
import { Countdown, Problem, StepTitle, useAction } from './parts';

interface Props {
  event: Event;
  reservation: Reservation;
  kept: KeptOrder;
  takesFocus: boolean;
  reload: () => Promise<void>;
  /** The reservation as it will be soon: the payment is on its way. */
  onPaid: () => void;
  onKept: (kept: KeptOrder) => void;
}

/** Stands in for the page of a payment provider, and for what may go wrong there. */
export function TestProviderPage(props: Props) {
  const { event, reservation, kept, takesFocus, reload, onPaid, onKept } = props;
  const { text, money, client } = useShop();
  const calls = client.of(kept.id, kept.token);
  const { run, isBusy, problem } = useAction();
  const keep = (next: KeptOrder) => {
    keepOrder(event.slug, next);
    onKept(next);
  };
  const pay = (times: number) =>
    run(async () => {
      for (let time = 0; time < times; time++) await calls.testPay('succeeds');
      onPaid();
    });
  const fail = () =>
    run(async () => {
      await calls.testPay('fails');
      keep({ ...kept, declined: kept.declined + 1 });
    });
  const payLate = () =>
    run(async () => {
      await calls.testExpire();
      await calls.testPay('succeeds');
      onPaid();
    });
  return (
    <section class="provider" aria-labelledby="step">
      <p class="soft">{text('testProvider')}</p>
      <StepTitle takesFocus={takesFocus}>{text('payment')}</StepTitle>
      <p>{text('testProviderHint')}</p>
      <Countdown until={reservation.expiresAt} onEnd={() => void run(reload)} />
      <p>{text('toPay', { price: money(reservation.amounts.total), id: kept.id })}</p>
      <Problem>
        {problem ?? (kept.declined > 0 ? text('declined', { count: kept.declined }) : null)}
      </Problem>
      <div class="actions">
        <button type="button" class="primary" disabled={isBusy} onClick={() => void pay(1)}>
          {text(isBusy ? 'working' : 'paySucceeds')}
        </button>
        <button type="button" disabled={isBusy} onClick={() => void fail()}>
          {text('payFails')}
        </button>
        <button type="button" disabled={isBusy} onClick={() => void payLate()}>
          {text('payLate')}
        </button>
        <button type="button" disabled={isBusy} onClick={() => void pay(2)}>
          {text('payTwice')}
        </button>
        <button type="button" disabled={isBusy} onClick={() => keep({ ...kept, isPaying: false })}>
          {text('payBack')}
        </button>
      </div>
    </section>
  );
}
