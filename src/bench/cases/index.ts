import type { Case } from '../case';
import { bursts } from './burst';

/** In the order in which they are measured. */
export const CASES: readonly Case[] = [...bursts];
