/** The most members that a reservation's metadata has. */
export const MAX_METADATA = 20;
