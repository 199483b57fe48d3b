import type { KeptMessage, PaymentSignal, SignalledMessage } from '../contracts/reservation';
import type { Database } from '../db/database';
import { recordCancelRequest, recordPayment } from '../db/payments';

/** The actor of what operators do in Temporal. */
export const BY_HAND = 'operator';

interface SignalDeps {
  db: Database;
  /** Payments are also recorded in the test provider's books. */
  testProvider: boolean;
}

/** What operators signal to a reservation's workflow is written into its inbox, as a webhook or the API would. */
export function createSignalActivities({ db, testProvider }: SignalDeps) {
  async function keepPayment(id: string, payment: PaymentSignal): Promise<KeptMessage> {
    const notice = { ...payment, reservationId: id, source: 'signal' as const, actor: BY_HAND };
    const { kind, reservation } = await recordPayment(db, notice, { strict: false, testProvider });
    return reservation === undefined ? { kind } : { kind, reservation };
  }

  async function keepCancel(id: string): Promise<KeptMessage> {
    return { kind: (await recordCancelRequest(db, id, BY_HAND)).kind };
  }

  return {
    /**
     * Keeps messages in their order.
     * @returns what became of each; of the first ones alone, if the database failed after them
     * @throws if it failed at the first
     */
    async keepSignalled(id: string, messages: readonly SignalledMessage[]): Promise<KeptMessage[]> {
      const kept: KeptMessage[] = [];
      try {
        for (const message of messages)
          kept.push(
            message.kind === 'payment'
              ? await keepPayment(id, message.payment)
              : await keepCancel(id),
          );
      } catch (error) {
        if (kept.length === 0) throw error;
      }
      return kept;
    },

    /** One payment, for workflows that began before messages were kept together. */
    keepSignalledPayment: keepPayment,

    /** One cancel, for the same workflows. */
    async keepSignalledCancel(id: string): Promise<string> {
      return (await keepCancel(id)).kind;
    },
  };
}
