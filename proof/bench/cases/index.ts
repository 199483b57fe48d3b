import type { Case } from '../case';
import { adoption } from './adoption';
import { attack } from './attack';
import { backlog } from './backlog';
import { batches } from './batches';
import { bestAvailable } from './best-available';
import { bursts } from './burst';
import { crowd } from './crowd';
import { feed } from './feed';
import { flood } from './flood';
import { growth } from './growth';
import { listeners } from './listeners';
import { map } from './map';
import { newEvent } from './new-event';
import { observation } from './observation';
import { order } from './order';
import { paced } from './paced';
import { pollers } from './pollers';
import { race } from './race';
import { refused } from './refused';
import { rush } from './rush';
import { seatMap } from './seat-map';
import { streams } from './streams';
import { sustained } from './sustained';
import { ticketsMemory, ticketsPdf } from './tickets-pdf';
import { webhooks } from './webhook';
import { workerMemory } from './worker-memory';

/** In the order in which they are measured. */
export const CASES: readonly Case[] = [
  ...bursts,
  ...batches,
  paced,
  order,
  refused,
  race,
  crowd,
  bestAvailable,
  flood,
  ...webhooks,
  sustained,
  adoption,
  backlog,
  rush,
  streams,
  feed,
  ticketsPdf,
  ticketsMemory,
  seatMap,
  listeners,
  pollers,
  map,
  newEvent,
  attack,
  observation,
  growth,
  workerMemory,
];
