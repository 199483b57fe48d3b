import {
  defineSearchAttributeKey,
  SearchAttributeType,
  type SearchAttributePair,
} from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from './reservation';

export const STATUS_KEY = defineSearchAttributeKey(
  SEARCH_ATTRIBUTES.status,
  SearchAttributeType.KEYWORD,
);
export const EVENT_KEY = defineSearchAttributeKey(
  SEARCH_ATTRIBUTES.event,
  SearchAttributeType.KEYWORD,
);
export const EVENTS_KEY = defineSearchAttributeKey(
  SEARCH_ATTRIBUTES.events,
  SearchAttributeType.KEYWORD_LIST,
);
export const RESERVATION_KEY = defineSearchAttributeKey(
  SEARCH_ATTRIBUTES.reservation,
  SearchAttributeType.KEYWORD,
);

/** What each workflow about a reservation is found by. @param events slugs, in the reservation's order */
export const attributesOf = (reservation: string, events: string[]): SearchAttributePair[] => [
  { key: RESERVATION_KEY, value: reservation },
  { key: EVENTS_KEY, value: events },
  ...(events[0] === undefined ? [] : [{ key: EVENT_KEY, value: events[0] }]),
];
