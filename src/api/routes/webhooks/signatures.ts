import Stripe from 'stripe';
import { Webhook } from 'standardwebhooks';
import { Problem } from '../../problem';

const TOLERANCE_SECONDS = 300;

const refuse = (why: string) => new Problem('signature_invalid', `${why} Nothing was recorded.`);
const NOT_SIGNED =
  'The signature is not made with a shared secret, or its time is more than five minutes off.';

/** Tries each secret: during a rotation two are valid. */
function firstOf<T>(
  secrets: readonly string[] | undefined,
  setting: string,
  verify: (secret: string) => T,
): T {
  if (!secrets) throw refuse(`No secret is set for these webhooks: set ${setting}.`);
  for (const secret of secrets) {
    try {
      return verify(secret);
    } catch {
      // The next secret may be the one.
    }
  }
  throw refuse(NOT_SIGNED);
}

/** The body of a signed request; null when it is no JSON. */
function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

/**
 * Verifies the signature with Stripe's library, and refuses a time in the future too, which the library accepts.
 * @returns the parsed body, of any form: the library's own parser reports a thin event as a wrong signature
 */
export function verifyStripe(
  bytes: Buffer,
  header: string,
  secrets: readonly string[] | undefined,
): unknown {
  return firstOf(secrets, 'STRIPE_WEBHOOK_SECRET', (secret) => {
    Stripe.webhooks.signature!.verifyHeader(bytes, header, secret, TOLERANCE_SECONDS);
    // If the header has two times, the library reads the last one: each of them is checked.
    const ahead = Date.now() / 1000 + TOLERANCE_SECONDS;
    if ([...header.matchAll(/t=(\d+)/g)].some(([, at]) => Number(at) > ahead))
      throw new Error('dated ahead');
    return parse(bytes);
  });
}

/** Verifies the signature by the Standard Webhooks rules. @returns the parsed body, of any form */
export function verifyStandard(
  bytes: Buffer,
  headers: Record<string, string>,
  secrets: readonly string[] | undefined,
): unknown {
  return firstOf(secrets, 'STANDARD_WEBHOOK_SECRET', (secret) =>
    new Webhook(secret).verify(bytes, headers),
  );
}
