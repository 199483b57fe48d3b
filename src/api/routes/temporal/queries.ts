import { WORKFLOWS } from '../../../contracts/reservation';

/** A query for the list of workflows in the Temporal UI. */
export interface ReadyQuery {
  name: string;
  meaning: string;
  query: string;
}

const RUNS = `ExecutionStatus = 'Running'`;
const ofType = (...types: string[]) =>
  `(${types.map((type) => `WorkflowType = '${type}'`).join(' OR ')})`;

/**
 * The questions of an operator's day. A workflow that was terminated keeps its last search attributes, so what is
 * asked of the present asks for running ones.
 */
export function readyQueries(now: Date): ReadyQuery[] {
  const today = `${now.toISOString().slice(0, 10)}T00:00:00Z`;
  return [
    {
      name: 'Held',
      meaning: 'Holds in force; of a terminated one, the settlement that carries it on',
      query: `${ofType(WORKFLOWS.reservation, WORKFLOWS.settlement)} AND ReservationStatus = 'held' AND ${RUNS}`,
    },
    {
      name: 'Tickets or mail stuck',
      meaning: 'Sold, and not all is printed and mailed; the pending activity says why',
      query: `(ReservationStatus = 'confirmed' OR ${ofType(WORKFLOWS.mail, WORKFLOWS.resend, WORKFLOWS.print)}) AND ${RUNS}`,
    },
    {
      name: 'Refund open',
      meaning: 'The details say what the provider answered',
      query: `${ofType(WORKFLOWS.refundOrder, WORKFLOWS.refund)} AND ${RUNS}`,
    },
    {
      name: 'Failed today',
      meaning: 'Failed, timed out or terminated since midnight, UTC',
      query: `(ExecutionStatus = 'Failed' OR ExecutionStatus = 'TimedOut' OR ExecutionStatus = 'Terminated') AND CloseTime >= '${today}'`,
    },
    {
      name: 'After the end',
      meaning: 'What came today for reservations that had ended: late payments, cancelled sales',
      query: `${ofType(WORKFLOWS.settlement)} AND StartTime >= '${today}'`,
    },
  ];
}

/** All workflows of one reservation. @param id as the schema of reservations allows it, without quotes */
export const queryOfReservation = (id: string): string => `ReservationId = '${id}'`;
/** All workflows of one event. @param slug without quotes */
export const queryOfEvent = (slug: string): string => `EventSlugs = '${slug}'`;

/** The list of workflows in the Temporal UI, for a query. */
export const listUrl = (uiUrl: string, namespace: string, query: string): string =>
  `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows?query=${encodeURIComponent(query).replaceAll("'", '%27')}`;
