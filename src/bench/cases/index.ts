import type { Case } from '../case';
import { adoption } from './adoption';
import { bursts } from './burst';
import { crowd } from './crowd';
import { flood } from './flood';
import { growth } from './growth';
import { observation } from './observation';
import { paced } from './paced';
import { race } from './race';
import { refused } from './refused';
import { seatMap } from './seat-map';
import { sustained } from './sustained';
import { webhook } from './webhook';

/** In the order in which they are measured. */
export const CASES: readonly Case[] = [
  ...bursts,
  paced,
  refused,
  race,
  crowd,
  flood,
  webhook,
  sustained,
  adoption,
  seatMap,
  observation,
  growth,
];
