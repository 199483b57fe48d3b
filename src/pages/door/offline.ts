import type { Api } from '../staff/api';

/** What a ticket's code says by itself. */
interface CodeContent {
  eventId: string;
  seat: string;
}

/** What was learned while there was a network, to judge codes without one. */
export interface Knowledge {
  eventId: string;
  /** By code: why it does not count any more. */
  voided: ReadonlyMap<string, { seat: string; why: string }>;
  /** null: this browser cannot check signatures, or the key has not come. */
  ticketKey: CryptoKey | null;
}

export type OfflineVerdict =
  /** A place may be the holder's: only the server knows whether it was used. */
  | { kind: 'kept'; genuine: boolean; seat: string | null }
  | { kind: 'unknown' | 'wrong_event' }
  | { kind: 'ticket_void'; seat: string; why: string };

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** null: it is no base64url, or not as we write it. Of a ticket there is one spelling. */
function bytesOfCode(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = bytesOf(text.replaceAll('-', '+').replaceAll('_', '/'));
    const written = btoa(String.fromCharCode(...bytes));
    const isOurs = written.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') === text;
    return isOurs ? bytes : null;
  } catch {
    return null;
  }
}

/** Reads a code without its signature: `HF1.PAYLOAD.SIGNATURE`. null: it has not this form. */
function readCode(code: string): CodeContent | null {
  const [prefix, payload, signature, ...rest] = code.split('.');
  if (prefix !== 'HF1' || !payload || !signature || rest.length > 0) return null;
  const bytes = bytesOfCode(payload);
  if (!bytes || bytes.length <= 32 || !bytesOfCode(signature)) return null;
  try {
    const id = hex(bytes.subarray(16, 32));
    return {
      eventId: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      seat: new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(32)),
    };
  } catch {
    return null;
  }
}

/** Whether the code was signed by us; null where that cannot be checked. */
async function isGenuine(code: string, key: CryptoKey | null): Promise<boolean | null> {
  if (!key) return null;
  const end = code.lastIndexOf('.');
  try {
    const signature = bytesOfCode(code.slice(end + 1))!;
    const signed = new TextEncoder().encode(code.slice(0, end));
    return await crypto.subtle.verify('Ed25519', key, signature, signed);
  } catch {
    return false;
  }
}

/** What can be said of a code without the server: never that somebody may come in. */
export async function judgeOffline(
  code: string,
  { eventId, voided, ticketKey }: Knowledge,
): Promise<OfflineVerdict> {
  const content = readCode(code);
  if (!content) return { kind: 'unknown' };
  const genuine = await isGenuine(code, ticketKey);
  if (genuine === false) return { kind: 'unknown' };
  if (content.eventId !== eventId) return { kind: 'wrong_event' };
  const known = voided.get(code);
  if (known) return { kind: 'ticket_void', ...known };
  return { kind: 'kept', genuine: genuine === true, seat: genuine === true ? content.seat : null };
}

/** The key that checks tickets, if this browser can use it: not all have Ed25519. */
export async function fetchTicketKey(api: Api): Promise<CryptoKey | null> {
  const answer = await api<{ publicKeyPem: string }>('GET', '/v1/ticket-key');
  if (answer.kind !== 'answer') return null;
  const der = answer.body.publicKeyPem.replaceAll(/-----[^-]+-----|\s/g, '');
  try {
    return await crypto.subtle.importKey('spki', bytesOf(der), 'Ed25519', false, ['verify']);
  } catch {
    return null;
  }
}

const PAGES_AT_ONCE = 50;

/**
 * Fetches the codes that do not count any more, from a place in the list on.
 * @param voided is added to
 * @returns the place to go on from
 */
export async function fetchVoided(
  api: Api,
  event: string,
  after: string | null,
  voided: Map<string, { seat: string; why: string }>,
): Promise<string | null> {
  let place = after;
  for (let page = 0; page < PAGES_AT_ONCE; page++) {
    const query = new URLSearchParams({ limit: '200', ...(place !== null && { after: place }) });
    const answer = await api<{
      data: { code: string; seat: string; why: string }[];
      next: string;
    }>('GET', `/v1/events/${encodeURIComponent(event)}/voided-tickets?${query}`);
    if (answer.kind !== 'answer') return place;
    for (const { code, seat, why } of answer.body.data) voided.set(code, { seat, why });
    place = answer.body.next;
    if (answer.body.data.length < 200) return place;
  }
  return place;
}
