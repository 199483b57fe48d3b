import Stripe from 'stripe';
import { Webhook } from 'standardwebhooks';
import { Problem } from '../../problem';

const TOLERANCE_SECONDS = 300;

const refuse = (why: string) => new Problem('signature_invalid', `${why} Nothing was kept.`);
const NOT_SIGNED =
  'The signature is not one of a secret that we share, or its time is more than five minutes off.';

/** The first result among the secrets; during a rotation two are good. */
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
 * Checks as Stripe's own library does, and refuses what is dated ahead too, which the library lets pass.
 * @returns the body, whatever it is: the library's own reader takes a truly signed thin event for a wrong signature
 */
export function verifyStripe(
  bytes: Buffer,
  header: string,
  secrets: readonly string[] | undefined,
): unknown {
  return firstOf(secrets, 'STRIPE_WEBHOOK_SECRET', (secret) => {
    Stripe.webhooks.signature!.verifyHeader(bytes, header, secret, TOLERANCE_SECONDS);
    // Of a header that is dated twice the library takes the last; whichever is ahead is refused.
    const ahead = Date.now() / 1000 + TOLERANCE_SECONDS;
    if ([...header.matchAll(/t=(\d+)/g)].some(([, at]) => Number(at) > ahead))
      throw new Error('dated ahead');
    return parse(bytes);
  });
}

/** Checks by the Standard Webhooks rules, with their own library. @returns the body, whatever it is */
export function verifyStandard(
  bytes: Buffer,
  headers: Record<string, string>,
  secrets: readonly string[] | undefined,
): unknown {
  return firstOf(secrets, 'STANDARD_WEBHOOK_SECRET', (secret) =>
    new Webhook(secret).verify(bytes, headers),
  );
}
