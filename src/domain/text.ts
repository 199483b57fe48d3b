/** Half of a character (a surrogate alone) cannot be stored, nor told from another half once it is replaced. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);
