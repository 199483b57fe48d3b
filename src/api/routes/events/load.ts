import type { Queryable } from '../../../db/database';
import { findEvent, type EventRecord } from '../../../db/events';
import { Problem } from '../../problem';
import { eventNameForm } from './schema';

/** The event of a path. @throws Problem `not_found` */
export async function loadEvent(db: Queryable, idOrSlug: string): Promise<EventRecord> {
  const found = eventNameForm.test(idOrSlug) ? await findEvent(db, idOrSlug) : null;
  if (!found) throw new Problem('not_found', `There is no event ${idOrSlug.slice(0, 100)}.`);
  return found;
}
