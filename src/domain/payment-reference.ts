const FREE = 'free:';

/** The reference of the payment of nothing, by which an order that costs nothing is confirmed. */
export const freeReference = (reservationId: string): string => FREE + reservationId;

/** Whether a reference is kept for the order of another reservation that costs nothing. */
export const isKeptForAnother = (reference: string, reservationId: string): boolean =>
  reference.startsWith(FREE) && reference !== freeReference(reservationId);
