import type { ConnectionLike } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../contracts/reservation';

const INVALID_ARGUMENT = 3; // gRPC's status

const NAMES = Object.values(SEARCH_ATTRIBUTES);
type Name = (typeof NAMES)[number];

/**
 * Asks by a call that every client may make, because Temporal Cloud does not let clients list
 * search attributes.
 */
async function areKnown(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
  names: readonly Name[],
): Promise<boolean> {
  const query = names.map((name) => `${name} = 'held'`).join(' AND ');
  try {
    await workflowService.countWorkflowExecutions({ namespace, query });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === INVALID_ARGUMENT) return false;
    throw error;
  }
}

/**
 * Which of our search attributes the namespace lacks; Temporal refuses workflows that have one of
 * them. One call where none is missing.
 * @throws what Temporal answers, or that it does not
 */
export async function missingSearchAttributes(
  connection: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
): Promise<Name[]> {
  if (await areKnown(connection, namespace, NAMES)) return [];
  const known = await Promise.all(NAMES.map((name) => areKnown(connection, namespace, [name])));
  return NAMES.filter((_, index) => !known[index]);
}
