import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What a key of a key is for; another text is another key. */
const PURPOSE = 'holdfast reservation token 1';

/**
 * The tokens of reservations that pages have made. A token follows from the reservation and from the
 * secret of this system, so nothing is stored, a hold costs nothing more, and a page whose answer was
 * lost gets the same token again (ADR 0027).
 */
export interface ReservationTokens {
  /** The token of a client's reservation: `rt_` and 43 characters. */
  of(client: string, reservation: string): Promise<string>;
  /** @param token null: none was sent */
  fits(token: string | null, client: string, reservation: string): Promise<boolean>;
}

/** @param readSeed the 32 bytes that sign tickets, the same in every process; read once */
export function createReservationTokens(readSeed: () => Promise<Buffer>): ReservationTokens {
  let reading: Promise<Buffer> | undefined;
  const readKey = async (): Promise<Buffer> => {
    reading ??= readSeed().then((seed) =>
      Buffer.from(hkdfSync('sha256', seed, Buffer.alloc(0), PURPOSE, 32)),
    );
    // A database that did not answer is asked again.
    return reading.catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
  };
  // Neither a client's name nor a reservation's id has a line end.
  const tokenOf = async (client: string, reservation: string) =>
    `rt_${createHmac('sha256', await readKey())
      .update(`${client}\n${reservation}`)
      .digest('base64url')}`;
  return {
    of: tokenOf,
    async fits(token, client, reservation) {
      if (token === null) return false;
      const [given, right] = [Buffer.from(token), Buffer.from(await tokenOf(client, reservation))];
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}
