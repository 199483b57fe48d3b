import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DevInfo } from './product';
import { writeAtomically } from './processes';

/**
 * The secrets of the demo system. They are created once for a home folder, and reused at every
 * start.
 */
export type Secrets = Pick<DevInfo, 'keys' | 'webhookSecrets'>;

type KeyName = keyof Secrets['keys'];

/**
 * The client names of the demo keys. There are two clients, so that a user can try what one sees of
 * the other.
 */
export const DEMO_CALLERS: Record<
  KeyName,
  { client: string; role: 'client' | 'operator' | 'scanner' | 'publishable' }
> = {
  client: { client: 'demo-client', role: 'client' },
  client2: { client: 'demo-client-2', role: 'client' },
  operator: { client: 'demo-operator', role: 'operator' },
  scanner: { client: 'demo-scanner', role: 'scanner' },
  // Of the first client, so that its server sees what its pages hold.
  publishable: { client: 'demo-client', role: 'publishable' },
};

const key = z.string().regex(/^(hf_\w+|pk)_[\w-]{43}$/);
const webhookSecret = z.string().regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/);
const secretsFile = z.object({
  keys: z.object({
    client: key,
    client2: key,
    operator: key,
    scanner: key,
    // A folder from before has none.
    publishable: key.optional(),
  }),
  webhookSecrets: z.object({ stripe: webhookSecret, standard: webhookSecret }),
});

const newDemoKey = (name: KeyName): string => {
  const { role } = DEMO_CALLERS[name];
  const prefix = role === 'publishable' ? 'pk' : `hf_${role}`;
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
};

function makeSecrets(): Secrets {
  const newWebhookSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`;
  return {
    keys: {
      client: newDemoKey('client'),
      client2: newDemoKey('client2'),
      operator: newDemoKey('operator'),
      scanner: newDemoKey('scanner'),
      publishable: newDemoKey('publishable'),
    },
    webhookSecrets: { stripe: newWebhookSecret(), standard: newWebhookSecret() },
  };
}

/** @throws ZodError, SyntaxError */
function readSecrets(file: string): Secrets {
  const { keys, ...rest } = secretsFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  const { publishable = newDemoKey('publishable') } = keys;
  const secrets = { ...rest, keys: { ...keys, publishable } };
  if (keys.publishable === undefined) writeSecrets(file, secrets);
  return secrets;
}

const writeSecrets = (file: string, secrets: Secrets): void =>
  writeAtomically(file, `${JSON.stringify(secrets, null, 2)}\n`);

/**
 * Reads `secrets.json` of a home folder, or creates it (mode 0600).
 * @throws Error when the file exists but is invalid: keys that a user may have noted down are not
 * replaced silently
 */
export function keepSecrets(home: string): Secrets {
  const file = join(home, 'secrets.json');
  if (existsSync(file)) {
    try {
      return readSecrets(file);
    } catch (error) {
      throw new Error(`${file} cannot be used: repair it, or remove it to have new keys made`, {
        cause: error,
      });
    }
  }
  const secrets = makeSecrets();
  writeSecrets(file, secrets);
  return secrets;
}
