/** What Holdfast sends to a webhook endpoint. Ignore a `type` that you do not know. */
export interface WebhookEvent {
  type: string;
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with each change in the system: what is older than what you have seen of a resource is late. */
  sequence: number;
  revision: number | null;
  /** The resource as it stood when this was sent. */
  data: Record<string, unknown>;
}

/** A webhook that must not be believed. */
export class WebhookError extends Error {
  override readonly name = 'WebhookError';
}

type GivenHeaders = Headers | Record<string, string | string[] | undefined>;

function headerOf(headers: GivenHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== 'string' || value === '') throw new WebhookError(`no header ${name}`);
  return value;
}

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

async function isSignedWith(secret: string, signed: Uint8Array<ArrayBuffer>, signatures: string[]) {
  const raw = bytesOf(secret.replace(/^whsec_/, ''));
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ]);
  for (const signature of signatures) {
    let bytes;
    try {
      bytes = bytesOf(signature);
    } catch {
      continue;
    }
    if (await crypto.subtle.verify('HMAC', key, bytes, signed)) return true;
  }
  return false;
}

/**
 * Checks a webhook by Standard Webhooks, and reads it. `webhook-id` is the same for each attempt of a
 * delivery: keep it, and pass over what you have handled.
 * @param body as it was received, before anything parsed it
 * @param secrets the endpoint's; several while one is rotated
 * @throws WebhookError when it is not signed with one of them, or more than five minutes off
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: GivenHeaders,
  secrets: string | readonly string[],
  { toleranceSeconds = 300 } = {},
): Promise<WebhookEvent> {
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature')
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => one.slice(3));
  const offBy = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!(offBy <= toleranceSeconds)) throw new WebhookError('the timestamp is too far off');
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${text}`);
  for (const secret of typeof secrets === 'string' ? [secrets] : secrets)
    if (await isSignedWith(secret, signed, signatures)) return JSON.parse(text) as WebhookEvent;
  throw new WebhookError('the signature fits none of the secrets');
}
