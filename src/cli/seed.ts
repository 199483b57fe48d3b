import { readSettings, SettingsError } from '../config';
import { createDatabase } from '../db/database';
import { createCode, NO_CODE_RULES } from '../db/codes';
import { createEvent, findEvent } from '../db/events';
import { layOutSeats } from '../domain/seat-map';
import { DEMO_CODE, demoEvents } from './demo-events';
import { answerHelp } from './help';
import { findSystem } from './system';

const USAGE = `Usage: npm run seed

Makes the demo events in the database that DATABASE_URL names, else in that of the running \`npm run dev\`. Safe to repeat.`;

/** Creates the demo events in the database; existing ones are left unchanged. */
async function main(): Promise<void> {
  answerHelp(USAGE, ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'HOLDFAST_HOME']);
  const { HOLDFAST_HOME: home } = readSettings(['HOLDFAST_HOME']);
  const { databaseUrl } = findSystem(home);
  const db = createDatabase({
    url: databaseUrl,
    pool: 2,
    prepared: true,
    applicationName: 'holdfast-seed',
    queryTimeoutMs: 60_000,
  });
  try {
    for (const { sections, ...event } of demoEvents(new Date())) {
      const { seats } = layOutSeats(sections);
      const made = await createEvent(db, { ...event, seats });
      console.log(
        made === 'created'
          ? `${event.name}: ${seats.length} seats (${event.slug})`
          : `${event.slug} is there already`,
      );
    }
    const { event, ...code } = DEMO_CODE;
    const made = await createCode(
      db,
      { ...NO_CODE_RULES, ...code, eventId: (await findEvent(db, event))!.id },
      null,
    );
    console.log(
      made.kind === 'created'
        ? `code ${code.code}: ${code.percent} % off, for ${event}`
        : `code ${code.code} is there already`,
    );
  } finally {
    await db.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exit(1);
});
