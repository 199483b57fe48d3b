/** Which payments belong to this system, and who refunds them. */
export interface PaymentSetup {
  /**
   * The built-in test provider captures every payment. Never in production: there, without Stripe's
   * key, the client does.
   */
  testProvider: boolean;
  /** Stripe's key is set: Stripe refunds the payments that it proves. */
  usesStripe: boolean;
  /**
   * Whether Stripe's key is one for live payments; the test provider's are not. null: unknown, any
   * event is taken.
   */
  liveMode: boolean | null;
  /** The account whose events count; null: the account of the key, whose events name no account. */
  account: string | null;
}

/** Derives the set-up from the settings. The key names its mode: `sk_live_…`, `rk_test_…`. */
export function paymentSetupOf(settings: {
  NODE_ENV: string;
  STRIPE_API_KEY?: string | undefined;
  STRIPE_ACCOUNT?: string | undefined;
}): PaymentSetup {
  const { NODE_ENV: env, STRIPE_API_KEY: key, STRIPE_ACCOUNT: account = null } = settings;
  const testProvider = key === undefined && env !== 'production';
  const mode = /^[sr]k_(live|test)_/.exec(key ?? '')?.[1];
  return {
    testProvider,
    usesStripe: key !== undefined,
    liveMode: testProvider ? false : mode === undefined ? null : mode === 'live',
    account,
  };
}
