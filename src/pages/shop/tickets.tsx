import { useEffect, useState } from 'preact/hooks';
import type { Event, Reservation, Ticket } from './client';
import { useShop } from './context';
import type { KeptOrder } from './kept-order';
import { Dialog, Problem, StepTitle, useAction } from './parts';
import { QrCode } from './qr-code';

interface Props {
  event: Event;
  reservation: Reservation;
  kept: KeptOrder;
  takesFocus: boolean;
  reload: () => Promise<void>;
  onAnew: () => void;
}

const AGAIN_MS = 1500;

/** The tickets as soon as there are any; asked for again when the reservation has changed. */
function useTickets(kept: KeptOrder, reservation: Reservation): Ticket[] | null {
  const { client } = useShop();
  const [tickets, setTickets] = useState<Ticket[] | null>(null);
  const seats = reservation.seats.map(({ label }) => label).join('\n');
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      client
        .of(kept.id, kept.token)
        .tickets()
        .then(
          (made) => {
            if (!isOver) setTickets(made);
          },
          () => {
            if (!isOver) timer = setTimeout(look, AGAIN_MS);
          },
        );
    };
    look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [kept.id, seats, reservation.status]);
  return tickets;
}

interface GivingBack {
  what: string;
  refund: string;
  doIt: () => Promise<void>;
  leaveIt: () => Promise<void>;
}

/** Bought: the tickets on the screen and as a document, and the way to give some back. */
export function Tickets({ event, reservation, kept, takesFocus, reload, onAnew }: Props) {
  const { text, money, client } = useShop();
  const calls = client.of(kept.id, kept.token);
  const tickets = useTickets(kept, reservation);
  const [asking, setAsking] = useState<GivingBack | null>(null);
  const { run, isBusy, problem } = useAction();
  const nothing = money({ amount: 0, currency: event.currency });

  const askForOne = (seat: string) =>
    run(async () => {
      const quote = await calls.change({ release: [seat] });
      setAsking({
        what: seat,
        refund: quote.refund ? money(quote.refund) : nothing,
        async doIt() {
          await calls.confirmChange(quote.id);
          await reload();
        },
        async leaveIt() {
          await calls.withdrawChange(quote.id);
        },
      });
    });
  const answer = (act: () => Promise<void>) => {
    setAsking(null);
    void run(act);
  };
  const download = () =>
    run(async () => {
      const url = URL.createObjectURL(await calls.pdf());
      const link = document.createElement('a');
      link.href = url;
      link.download = `${event.slug}.pdf`;
      link.click();
      URL.revokeObjectURL(url);
    });

  const valid = tickets?.filter(({ status }) => status !== 'void') ?? [];
  return (
    <section aria-labelledby="step">
      <StepTitle takesFocus={takesFocus}>{text('confirmed')}</StepTitle>
      {reservation.buyer && <p>{text('mailed', { email: reservation.buyer.email })}</p>}
      <Problem>{problem}</Problem>
      {tickets === null ? (
        <p role="status">{text('ticketsPrinting')}</p>
      ) : (
        <>
          <ul class="tickets">
            {tickets.map(({ code, seat, status }) => (
              <li key={code} class={status === 'void' ? 'void' : ''}>
                <h3 dir="auto">{text('ticketFor', { seat })}</h3>
                {status === 'valid' && (
                  <QrCode content={code} title={text('ticketCode', { seat })} />
                )}
                {status === 'void' && <p>{text('ticketStatus_void')}</p>}
                {status === 'used' && <p>{text('ticketStatus_used')}</p>}
                {status === 'valid' && valid.length > 1 && (
                  <button type="button" disabled={isBusy} onClick={() => void askForOne(seat)}>
                    {text('giveBack', { seat })}
                  </button>
                )}
              </li>
            ))}
          </ul>
          <div class="row">
            <button type="button" class="primary" disabled={isBusy} onClick={() => void download()}>
              {text('downloadPdf')}
            </button>
            <button type="button" onClick={onAnew}>
              {text('buyMore')}
            </button>
          </div>
        </>
      )}
      {asking && (
        <Dialog onClose={() => answer(asking.leaveIt)}>
          <p id="question">{text('giveBackSure', { what: asking.what, refund: asking.refund })}</p>
          <div class="row">
            <button type="button" class="primary" onClick={() => answer(asking.doIt)}>
              {text('yes')}
            </button>
            <button type="button" onClick={() => answer(asking.leaveIt)}>
              {text('no')}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
