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

export const amountForm = z.int().min(0);

/** In any case of letters; read in capitals. */
export const currencyForm = z
  .string()
  .regex(/^[A-Za-z]{3}$/)
  .transform((text) => text.toUpperCase());
