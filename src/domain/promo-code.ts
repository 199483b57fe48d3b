/** A promo code as it is stored and compared: upper case, NFC, no blanks around it. */
export const normaliseCode = (text: string): string =>
  text.normalize('NFC').trim().toUpperCase().normalize('NFC');
