import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SECRET_BYTES = 32;

/** A new signing secret, in the form of Standard Webhooks. */
export const newWebhookSecret = (): string =>
  `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

/** Encrypts the secrets of endpoints for the database. */
export interface SecretBox {
  seal(endpointId: string, secret: string): Buffer;
  /** @throws when it was sealed with another key, or for another endpoint */
  open(endpointId: string, sealed: Buffer): string;
}

/** @param key 32 bytes: AES-256-GCM */
export function createSecretBox(key: Buffer): SecretBox {
  return {
    seal(endpointId, secret) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(endpointId));
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, sealed, cipher.getAuthTag()]);
    },
    open(endpointId, sealed) {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(endpointId))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      const opened = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8');
      try {
        return opened + decipher.final('utf8');
      } catch {
        throw new Error(
          `The secret of webhook endpoint ${endpointId} was encrypted with another WEBHOOK_SECRETS_KEY`,
        );
      }
    },
  };
}

/** Outside production secrets are encrypted with a key that anybody can compute. */
const TRIAL_KEY = hash('sha256', 'holdfast webhooks on trial', 'buffer');

/** The box of this system; null in production without a key, where there can be no endpoint. */
export function secretBoxOf(settings: {
  NODE_ENV: string;
  WEBHOOK_SECRETS_KEY?: Buffer | undefined;
}): SecretBox | null {
  const key =
    settings.WEBHOOK_SECRETS_KEY ?? (settings.NODE_ENV === 'production' ? undefined : TRIAL_KEY);
  return key === undefined ? null : createSecretBox(key);
}

/** Where endpoints of this system may be. */
export const webhookRulesOf = (settings: {
  NODE_ENV: string;
  WEBHOOK_ALLOW_PRIVATE: 'on' | 'off';
}) => ({
  allowPrivate: settings.WEBHOOK_ALLOW_PRIVATE === 'on',
  requireTls: settings.NODE_ENV === 'production',
});
