import Stripe from 'stripe';
import { Webhook } from 'standardwebhooks';
import { Problem } from '../../problem';

const TOLERANCE_SECONDS = 300;

const refuse = (why: string) => new Problem('signature_invalid', `${why} Nothing was recorded.`);
const NOT_SIGNED =
  'The signature matches none of the configured secrets, or its timestamp is more than five minutes off.';

/** The result for the first secret that fits; during a rotation two are valid. */
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
      // Try the next secret.
    }
  }
  throw refuse(NOT_SIGNED);
}

/** The body of a signed request; null when it is not JSON. */
function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

/**
 * Checks the signature with Stripe's library, and refuses a timestamp in the future, which the library accepts.
 * @returns the body, whatever it is: the library's own parser reports a thin event as a wrong signature
 */
export function verifyStripe(
  bytes: Buffer,
  header: string,
  secrets: readonly string[] | undefined,
): unknown {
  return firstOf(secrets, 'STRIPE_WEBHOOK_SECRET', (secret) => {
    Stripe.webhooks.signature!.verifyHeader(bytes, header, secret, TOLERANCE_SECONDS);
    // Of several timestamps in a header the library reads the last; one in the future is refused wherever it is.
    const ahead = Date.now() / 1000 + TOLERANCE_SECONDS;
    if ([...header.matchAll(/t=(\d+)/g)].some(([, at]) => Number(at) > ahead))
      throw new Error('timestamp in the future');
    return parse(bytes);
  });
}

/** Checks the signature with the library of Standard Webhooks. @returns the body, whatever it is */
export function verifyStandard(
  bytes: Buffer,
  headers: Record<string, string>,
  secrets: readonly string[] | undefined,
): unknown {
  return firstOf(secrets, 'STANDARD_WEBHOOK_SECRET', (secret) =>
    new Webhook(secret).verify(bytes, headers),
  );
}
