import { createPublicKey, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import {
  MAX_TICKET_SEAT_BYTES,
  signTicketCode,
  ticketKeyFromSeed,
  verifyTicketCode,
} from '../../src/domain/ticket-code';

const key = ticketKeyFromSeed(Buffer.alloc(32, 7));
const otherKey = ticketKeyFromSeed(Buffer.alloc(32, 8));
const ticket = () => ({ ticketId: randomUUID(), eventId: randomUUID(), seat: 'Circle-A-12' });

describe('a ticket code', () => {
  test('tells a scanner the ticket, the event and the seat', () => {
    const content = ticket();
    expect(verifyTicketCode(key.publicKey, signTicketCode(key.privateKey, content))).toEqual(
      content,
    );
  });

  test('is HF1, payload and signature, of characters that need no escaping anywhere', () => {
    expect(signTicketCode(key.privateKey, ticket())).toMatch(
      /^HF1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/,
    );
  });

  test('is the same each time it is signed', () => {
    const content = ticket();
    expect(signTicketCode(key.privateKey, content)).toBe(signTicketCode(key.privateKey, content));
  });

  test('carries any seat label, in any script', () => {
    const labels = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), labels, (ticketId, eventId, seat) => {
        const code = signTicketCode(key.privateKey, { ticketId, eventId, seat });
        expect(verifyTicketCode(key.publicKey, code)).toEqual({ ticketId, eventId, seat });
      }),
      { numRuns: 50 },
    );
  });

  test('is verified with nothing but the published PEM or JSON Web Key', () => {
    const content = ticket();
    const code = signTicketCode(key.privateKey, content);
    expect(verifyTicketCode(createPublicKey(key.publicKeyPem), code)).toEqual(content);
    expect(
      verifyTicketCode(createPublicKey({ key: key.publicKeyJwk, format: 'jwk' }), code),
    ).toEqual(content);
  });

  test('of another key is none', () => {
    expect(
      verifyTicketCode(otherKey.publicKey, signTicketCode(key.privateKey, ticket())),
    ).toBeNull();
  });

  test('with any one character changed, added or taken away is none', () => {
    const code = signTicketCode(key.privateKey, ticket());
    for (let index = 0; index < code.length; index++) {
      const [before, after] = [code.slice(0, index), code.slice(index + 1)];
      const other = code[index] === 'A' ? 'B' : 'A';
      for (const forged of [
        before + other + after,
        before + after,
        `${before}A${code.slice(index)}`,
      ]) {
        expect(verifyTicketCode(key.publicKey, forged)).toBeNull();
      }
    }
    for (const forged of [
      `${code}=`,
      `${code} `,
      `${code}.`,
      ` ${code}`,
      code.toLowerCase(),
      code.repeat(2),
    ]) {
      expect(verifyTicketCode(key.publicKey, forged)).toBeNull();
    }
  });

  test('that is no code at all is answered with null, never with an exception', () => {
    const junk: unknown[] = [
      undefined,
      null,
      7,
      {},
      [],
      '',
      '.',
      '..',
      'HF1..',
      'HF1.a.b',
      'x'.repeat(1_000_000),
      '\ud800',
    ];
    for (const input of junk) expect(verifyTicketCode(key.publicKey, input as string)).toBeNull();
    fc.assert(
      fc.property(fc.string(), (text) => verifyTicketCode(key.publicKey, `HF1.${text}`) === null),
    );
  });

  test('is not signed for what it cannot carry', () => {
    const sign = (change: object) => () =>
      signTicketCode(key.privateKey, { ...ticket(), ...change });
    expect(sign({ seat: 'x'.repeat(MAX_TICKET_SEAT_BYTES) })).not.toThrow();
    for (const change of [
      { seat: '' },
      { seat: 'x'.repeat(MAX_TICKET_SEAT_BYTES + 1) },
      { seat: 'a\ud800' },
      { ticketId: '1' },
    ]) {
      expect(sign(change)).toThrow(RangeError);
    }
  });
});

describe('the key of a seed', () => {
  test('is the same for the same seed and another for another', () => {
    expect(ticketKeyFromSeed(Buffer.alloc(32, 7)).publicKeyPem).toBe(key.publicKeyPem);
    expect(otherKey.keyId).not.toBe(key.keyId);
  });

  test('has the thumbprint of RFC 8037 as its id', () => {
    // Appendix A of the RFC: the seed, and the thumbprint of its public key.
    const seed = Buffer.from('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', 'base64url');
    expect(ticketKeyFromSeed(seed).keyId).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  test('needs exactly 32 bytes', () => {
    for (const length of [0, 31, 33])
      expect(() => ticketKeyFromSeed(Buffer.alloc(length))).toThrow(RangeError);
  });
});
