/** Names of the browser's program on different systems, in the order in which they are tried. */
export const CHROMIUM_NAMES = [
  'chromium',
  'google-chrome',
  'google-chrome-stable',
  'chromium-browser',
];
