import { z } from 'zod';
import { isWellFormed } from '../domain/text';

/** A text that the database can store. It is stored unchanged. */
export const storedText = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000]*$/)
    .refine(isWellFormed);

export const amountForm = z.int().min(0);

/** A currency code in upper or lower case; the output is in upper case. */
export const currencyForm = z
  .string()
  .regex(/^[A-Za-z]{3}$/)
  .transform((text) => text.toUpperCase());

/** Whether an event of this type, be it understood or not, tells what came after a payment: no news of the payment itself. */
export const isAfterPayment = (type: string): boolean => /refund|dispute|chargeback/i.test(type);
