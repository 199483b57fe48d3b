import { CancellationScope, isCancellation, rootCause } from '@temporalio/workflow';
import { mailBuyer, printTickets } from './activities';

/** What became of a mail, by what its activity says. */
const MAILED = {
  sent: 'mailed',
  refused: 'not mailed: the mail server refused the address for good',
  not_owed: 'not mailed: there is no buyer to mail them to, or it is cancelled',
} as const;

export interface Delivery {
  /** @throws what made it fail for good, once it has */
  ended(): boolean;
  /** Stops the delivery of tickets that have not been sent, because they are no longer valid. */
  cancel(): void;
}

/**
 * Prints the tickets, then mails them. Each step is retried until it succeeds. A mail that fails
 * never undoes a sale.
 * @param count how many tickets there are
 */
export function startDelivery(
  reservationId: string,
  count: number,
  note: (line: string) => void,
): Delivery {
  const tickets = count === 1 ? '1 ticket' : `${count} tickets`;
  let ended = false;
  let failure: { error: unknown } | null = null;
  const scope = new CancellationScope({ cancellable: true });
  const work = scope.run(async () => {
    if ((await printTickets(reservationId, tickets)) === 'not_confirmed') {
      note('nothing printed: it is not confirmed any more');
      return;
    }
    note(`${tickets} printed`);
    const occasion = { reservationId, kind: 'tickets', sequence: 0, reference: null } as const;
    note(`${tickets} ${MAILED[await mailBuyer(occasion, tickets)]}`);
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
