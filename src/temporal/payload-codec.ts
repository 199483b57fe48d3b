import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import {
  defaultPayloadConverter,
  METADATA_ENCODING_KEY,
  ValueError,
  type Payload,
  type PayloadCodec,
} from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { Unreadable } from '../contracts/unreadable';

const ENCODING = 'binary/encrypted';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const utf8 = (text: string) => new TextEncoder().encode(text);

const fingerprintOf = (key: Buffer): string =>
  createHash('sha256').update(key).digest('hex').slice(0, 16);

/**
 * Encrypts every payload with AES-256-GCM before it leaves the process, so that a Temporal server
 * sees ids only as ciphertext. The payload names the key's fingerprint, so that a wrong key is reported as such.
 * A workflow's input or signal that cannot be read for what it is becomes an `Unreadable`; of one that another key
 * encrypted the workflow waits for that key.
 * @param keys the first encrypts; each decrypts what it has encrypted, so that keys can be changed
 * @param clear whether unencrypted payloads, as those from before the switch, can be read too
 */
export function createPayloadCodec(
  keys: readonly [Buffer, ...Buffer[]],
  clear: 'accepted' | 'refused' = 'accepted',
): PayloadCodec {
  const [key] = keys;
  const keyId = fingerprintOf(key);
  const byId = new Map(keys.map((one) => [fingerprintOf(one), one]));
  const { Payload: PayloadMessage } = temporal.api.common.v1;
  return {
    async encode(payloads) {
      return payloads.map((payload): Payload => {
        const nonce = randomBytes(NONCE_BYTES);
        const cipher = createCipheriv('aes-256-gcm', key, nonce);
        const sealed = Buffer.concat([
          cipher.update(PayloadMessage.encode(payload).finish()),
          cipher.final(),
        ]);
        return {
          metadata: { [METADATA_ENCODING_KEY]: utf8(ENCODING), keyId: utf8(keyId) },
          data: Buffer.concat([nonce, sealed, cipher.getAuthTag()]),
        };
      });
    },
    async decode(payloads, context) {
      const refuse = (why: string): Payload => {
        if (context?.type !== 'workflow') throw new ValueError(why);
        return defaultPayloadConverter.toPayload({ unreadable: why } satisfies Unreadable);
      };
      return payloads.map((payload): Payload => {
        const { metadata, data } = payload;
        if (!data || Buffer.from(metadata?.[METADATA_ENCODING_KEY] ?? []).toString() !== ENCODING)
          return clear === 'accepted'
            ? payload
            : refuse('Payload is not encrypted, and PAYLOAD_CLEAR refuses such');
        const sealedWith = Buffer.from(metadata?.keyId ?? []).toString();
        const opensIt = byId.get(sealedWith);
        if (!opensIt) {
          const known = [...byId.keys()].join(' or ');
          throw new ValueError(`Payload was encrypted with key ${sealedWith}, not with ${known}`);
        }
        try {
          const bytes = Buffer.from(data);
          const decipher = createDecipheriv('aes-256-gcm', opensIt, bytes.subarray(0, NONCE_BYTES));
          decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
          const opened = Buffer.concat([
            decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)),
            decipher.final(),
          ]);
          return PayloadMessage.decode(opened);
        } catch {
          return refuse(`Payload was changed since key ${sealedWith} encrypted it`);
        }
      });
    },
  };
}
