/** Every workflow type; the bundle is made from this file. */
export { reservation, settlement } from './reservation';
export { housekeeping, refund, resend } from './errands';
