/** What scanners add before or behind a code: blanks, line ends, no-break and zero-width spaces, marks of direction. */
const SPACE = String.raw`\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff`;
const CONTROL = String.raw`\u0000-\u001f\u007f`;

/** One line of text, with any white space around it. */
export const SCANNED_CODE = new RegExp(
  `^[${SPACE}]*[^${SPACE}${CONTROL}](?:[^${CONTROL}]*[^${SPACE}${CONTROL}])?[${SPACE}]*$`,
);

const AROUND = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, 'g');

/** The code itself, without the white space around it. */
export const strippedCode = (scanned: string): string => scanned.replace(AROUND, '');
