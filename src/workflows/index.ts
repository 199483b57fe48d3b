/** Every workflow type; the workflow bundle is made from this file. */
export { reservation, settlement } from './reservation';
export { housekeeping } from './housekeeping';
export { refund } from './refund';
export { resend } from './resend';
