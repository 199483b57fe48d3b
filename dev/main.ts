import { endHungParts } from './hung';
import { answerHelp, readSettings, withSecretsFromFiles } from './product';
import { runProgram, untilAborted } from './program';
import { reloadOnChange } from './reload';
import { startStack, type Stack } from './stack';

const USAGE = `Usage: npm run dev

Starts what is missing of PostgreSQL, Temporal and a mail catcher, then the workers and the API, with demo events and demo
keys; prints where all is, and says "ready". Ctrl-C stops what it started; the data stays in HOLDFAST_HOME.
A service that DATABASE_URL, TEMPORAL_ADDRESS or SMTP_URL names is used and not started. PG_PORT, TEMPORAL_PORT,
TEMPORAL_UI_PORT, SMTP_PORT and MAIL_UI_PORT move the embedded ones; 0, for these and for PORT, picks a free port.`;

/**
 * Checked before anything is started; otherwise each process would refuse bad settings only when it
 * starts.
 */
const SETTINGS = [
  ...([
    'HOLDFAST_HOME',
    'PORT',
    'HOST',
    'LOG_LEVEL',
    'DATABASE_URL',
    'DATABASE_DIRECT_URL',
  ] as const),
  ...(['DATABASE_POOL', 'DATABASE_PREPARED'] as const),
  ...([
    'TEMPORAL_ADDRESS',
    'TEMPORAL_NAMESPACE',
    'SMTP_URL',
    'MAIL_FROM',
    'HOLD_TTL_SECONDS',
    'RATE_LIMIT',
  ] as const),
  ...([
    'MAX_OPEN_HOLDS_PER_CLIENT',
    'MAX_OPEN_HOLDS_PER_BUYER',
    'MAX_OPEN_HOLDS_PER_ADDRESS',
    'TRUSTED_PROXIES',
    'CORS_ORIGINS',
    'STRIPE_API_KEY',
  ] as const),
  ...(['STRIPE_WEBHOOK_SECRET', 'STANDARD_WEBHOOK_SECRET', 'TICKET_SIGNING_KEY'] as const),
  ...(['PAYLOAD_ENCRYPTION_KEY', 'PAYLOAD_CLEAR', 'WORKER_CACHED_WORKFLOWS'] as const),
] as const;

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`).join('\n');
}

function describe(stack: Stack): string {
  const { apiUrl, databaseUrl, temporalAddress, temporalUiUrl, mailUrl, keys, webhookSecrets } =
    stack.info();
  const rows: [string, string][] = [
    ['API', apiUrl],
    ['Swagger UI', `${apiUrl}/api/docs/`],
    ['ReDoc', `${apiUrl}/api/redoc/`],
    ['For operators', `${apiUrl}/operator`],
    ['At the door', `${apiUrl}/door`],
    ['Temporal UI', temporalUiUrl],
    ['Temporal queries', temporalUiUrl && `${apiUrl}/temporal`],
    ['Temporal', temporalAddress],
    ['Mail', mailUrl],
    ['Database', databaseUrl],
    ['Key of a client', keys.client],
    ['Key of another client', keys.client2],
    ['Key of an operator', keys.operator],
    ['Key of a scanner', keys.scanner],
    ['Key for pages', keys.publishable],
    ['Webhook secret, stripe', webhookSecrets.stripe],
    ['Webhook secret, standard', webhookSecrets.standard],
    ['Logs', stack.logFolder],
  ];
  return table(rows.filter(([, value]) => value !== ''));
}

async function run(stop: AbortSignal): Promise<void> {
  const { HOLDFAST_HOME } = readSettings(SETTINGS);
  const stack = await startStack({
    home: HOLDFAST_HOME,
    env: withSecretsFromFiles(process.env),
    signal: stop,
    progress: (line) => console.log(line),
    onEnd: (name, reason) => console.log(`${name} ${reason}; it is started again`),
    onRestart: (name, pid) => console.log(`${name} is back (process ${pid})`),
  });
  console.log(`\n${describe(stack)}\n\nready`);
  const watching = { signal: stop, progress: (line: string) => console.log(line) };
  const reload = reloadOnChange(stack, watching);
  void endHungParts(stack, watching);
  const failure = await Promise.race([stack.failed, untilAborted(stop)]);
  await reload?.close();
  await stack.stop();
  if (failure) throw failure;
}

answerHelp(USAGE, SETTINGS);
void runProgram(run);
