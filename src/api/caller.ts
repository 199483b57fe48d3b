import type { Caller } from '../db/keys';

/** The caller of a request. */
export interface ApiCaller extends Caller {
  /** With a publishable key the address of the page; of a server none (``). */
  address: string;
  /** Whom limits count: the client; with a publishable key, which everybody has, each address by itself. */
  limitedAs: string;
  /** Which reservation a publishable key may use, as its holder says. */
  reservationToken: string | null;
}
