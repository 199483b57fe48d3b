import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

/** The content of a ticket code. A scanner without a network knows nothing else. */
export interface TicketCodeContent {
  /** UUID of the ticket, lower case. */
  ticketId: string;
  /** UUID of the event, lower case. */
  eventId: string;
  /** The seat's label, unique in the event. */
  seat: string;
}

export interface TicketKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
  /** The public key for a scanner, as PEM (SPKI) and as a JSON Web Key with `kid`. */
  publicKeyPem: string;
  publicKeyJwk: { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; alg: 'EdDSA'; use: 'sig' };
  /** RFC 7638 thumbprint of the public key, base64url. */
  keyId: string;
}

/** Longest seat label a code can carry, in bytes of UTF-8; the QR code of such a label still reads at 150 dpi. */
export const MAX_TICKET_SEAT_BYTES = 600;

const PREFIX = 'HF1';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UUID_BYTES = 16;
const SIGNATURE_BYTES = 64;
const MAX_PAYLOAD_BYTES = 2 * UUID_BYTES + MAX_TICKET_SEAT_BYTES;
const MAX_CODE_LENGTH =
  PREFIX.length + 2 + Math.ceil((MAX_PAYLOAD_BYTES * 4) / 3) + Math.ceil((SIGNATURE_BYTES * 4) / 3);
/** The bytes before the 32 bytes of the seed in a PKCS#8 Ed25519 key (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The code of one ticket: `HF1.<payload>.<signature>`, only of `A-Z a-z 0-9 _ . -`. The same input gives the same code.
 * @throws RangeError for an id that is no UUID, or a seat label that is empty, too long or not well-formed.
 */
export function signTicketCode(privateKey: KeyObject, content: TicketCodeContent): string {
  const seat = Buffer.from(content.seat, 'utf8');
  if (seat.length === 0 || seat.length > MAX_TICKET_SEAT_BYTES) {
    throw new RangeError(`A ticket's seat label takes 1 to ${MAX_TICKET_SEAT_BYTES} bytes`);
  }
  if (seat.toString('utf8') !== content.seat)
    throw new RangeError("A ticket's seat label must be well-formed text");
  const payload = Buffer.concat([
    uuidBytes(content.ticketId),
    uuidBytes(content.eventId),
    seat,
  ]).toString('base64url');
  const signed = `${PREFIX}.${payload}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
}

/**
 * Reads a code that was scanned. It never throws, whatever the input.
 * @returns the content of the code, or null unless exactly this code was signed with this key
 */
export function verifyTicketCode(publicKey: KeyObject, code: string): TicketCodeContent | null {
  // The input may have any type, whatever its declared type is.
  if (typeof code !== 'string' || code.length > MAX_CODE_LENGTH) return null;
  const [prefix, payloadText, signatureText, ...rest] = code.split('.');
  if (
    prefix !== PREFIX ||
    payloadText === undefined ||
    signatureText === undefined ||
    rest.length > 0
  )
    return null;
  const payload = decodeBase64url(payloadText);
  const signature = decodeBase64url(signatureText);
  if (payload === null || payload.length <= 2 * UUID_BYTES || payload.length > MAX_PAYLOAD_BYTES)
    return null;
  if (signature?.length !== SIGNATURE_BYTES) return null;
  try {
    if (!verify(null, Buffer.from(`${PREFIX}.${payloadText}`), publicKey, signature)) return null;
    return {
      ticketId: uuidText(payload.subarray(0, UUID_BYTES)),
      eventId: uuidText(payload.subarray(UUID_BYTES, 2 * UUID_BYTES)),
      seat: utf8.decode(payload.subarray(2 * UUID_BYTES)),
    };
  } catch {
    return null;
  }
}

/**
 * The Ed25519 key pair of a 32-byte seed; the same seed gives the same pair.
 * @throws RangeError when the seed is not 32 bytes.
 */
export function ticketKeyFromSeed(seed32: Buffer): TicketKey {
  if (seed32.length !== 32) throw new RangeError('The seed of a ticket key is 32 bytes');
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, seed32]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey);
  const x = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64url');
  const keyId = createHash('sha256')
    .update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`)
    .digest('base64url');
  return {
    privateKey,
    publicKey,
    publicKeyPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x, kid: keyId, alg: 'EdDSA', use: 'sig' },
    keyId,
  };
}

/** Only the canonical base64url spelling is accepted, so one ticket has one code. */
function decodeBase64url(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}

function uuidBytes(uuid: string): Buffer {
  if (!UUID.test(uuid)) throw new RangeError('A ticket code takes UUIDs');
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

const uuidText = (bytes: Buffer) =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
