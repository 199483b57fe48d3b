import { readDevInfo, readSettings, type DevInfo } from './product';

/**
 * The variables for the examples of the documentation. None has the name of a setting, so later
 * commands are not affected.
 */
const variables = ({
  apiUrl,
  keys,
  webhookSecrets,
  databaseUrl,
  mailUrl,
  temporalUiUrl,
}: DevInfo) => ({
  API: apiUrl,
  CLIENT_KEY: keys.client,
  OPERATOR_KEY: keys.operator,
  SCANNER_KEY: keys.scanner,
  PUBLISHABLE_KEY: keys.publishable,
  WEBHOOK_SECRET: webhookSecrets.standard,
  DATABASE: databaseUrl,
  MAIL: mailUrl,
  TEMPORAL_UI: temporalUiUrl,
});

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Prints shell assignments for the system that `npm run dev` runs: `eval "$(npm run -s dev:env)"`. */
function main(): void {
  const { HOLDFAST_HOME: home } = readSettings(['HOLDFAST_HOME']);
  const info = readDevInfo(home);
  if (info === null) throw new Error(`no system runs on ${home}: start one with \`npm run dev\``);
  for (const [name, value] of Object.entries(variables(info)))
    console.log(`export ${name}=${quote(value)}`);
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
