import { CancellationScope, isCancellation, rootCause } from '@temporalio/workflow';
import { renderTickets, sendMail } from './activities';

export interface Delivery {
  /** @throws what made it fail for good, once it has */
  ended(): boolean;
  /** Stops the delivery of tickets that have not been sent, because they are no longer valid. */
  cancel(): void;
}

/**
 * Prints the tickets, then mails them. Each step is retried until it succeeds. A mail that fails
 * never undoes a sale.
 */
export function startDelivery(reservationId: string, note: (line: string) => void): Delivery {
  let ended = false;
  let failure: { error: unknown } | null = null;
  const scope = new CancellationScope({ cancellable: true });
  const work = scope.run(async () => {
    if ((await renderTickets(reservationId)) === 'not_confirmed') return;
    note('tickets printed');
    const outcome = await sendMail({
      reservationId,
      kind: 'tickets',
      sequence: 0,
      reference: null,
    });
    note(outcome === 'sent' ? 'tickets mailed' : `mail ${outcome}`);
  });
  void work
    .catch((error: unknown) => {
      if (!isCancellation(error)) failure = { error };
      note(failure ? `delivery failed: ${rootCause(error)}` : 'delivery stopped');
    })
    .finally(() => void (ended = true));
  return {
    ended: () => {
      if (ended && failure) throw failure.error;
      return ended;
    },
    cancel: () => scope.cancel(),
  };
}
