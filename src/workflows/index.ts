/** Every workflow type; the workflow bundle is made from this file. */
export { reservation, settlement } from './reservation';
export { housekeeping } from './housekeeping';
export { refund, refundOrder } from './refund';
export { mail } from './mail';
export { resend } from './resend';
export { print } from './print';
export { webhookEndpoint } from './webhook-endpoint';
export { change } from './change';
