import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { createSecretBox, newWebhookSecret, secretBoxOf } from '../../src/webhooks/secrets';

describe('The secret of an endpoint', () => {
  const key = randomBytes(32);
  const endpoint = randomUUID();

  it('is one of Standard Webhooks', () => {
    const secret = newWebhookSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(new Webhook(secret).sign('msg_1', new Date(), '{}')).toMatch(/^v1,/);
    expect(newWebhookSecret()).not.toBe(secret);
  });

  it('is stored encrypted, differently each time, and read again', () => {
    const box = createSecretBox(key);
    const secret = newWebhookSecret();
    const sealed = box.seal(endpoint, secret);
    expect(sealed.includes(secret.slice(6, 20))).toBe(false);
    expect(box.seal(endpoint, secret).equals(sealed)).toBe(false);
    expect(box.open(endpoint, sealed)).toBe(secret);
  });

  it('is not read with another key, for another endpoint, or when it was changed', () => {
    const box = createSecretBox(key);
    const sealed = box.seal(endpoint, newWebhookSecret());
    const changed = Buffer.from(sealed);
    changed[20]! ^= 1;
    expect(() => createSecretBox(randomBytes(32)).open(endpoint, sealed)).toThrow(
      'another WEBHOOK_SECRETS_KEY',
    );
    expect(() => box.open(randomUUID(), sealed)).toThrow('another WEBHOOK_SECRETS_KEY');
    expect(() => box.open(endpoint, changed)).toThrow('another WEBHOOK_SECRETS_KEY');
  });

  it('needs a key of its own in production alone', () => {
    expect(secretBoxOf({ NODE_ENV: 'production' })).toBeNull();
    expect(secretBoxOf({ NODE_ENV: 'production', WEBHOOK_SECRETS_KEY: key })).not.toBeNull();
    expect(secretBoxOf({ NODE_ENV: 'development' })).not.toBeNull();
  });
});
