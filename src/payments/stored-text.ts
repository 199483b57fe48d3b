import { z } from 'zod';
import { isWellFormed } from '../domain/text';

/** Kept as it is told; only what could not be stored is not taken. */
export const storedText = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000]*$/)
    .refine(isWellFormed);
