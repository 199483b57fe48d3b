import { describeSettings, type SettingName } from '../config';

/** The columns of the help text; long descriptions continue on the next line. */
const WIDTH = 100;

function wrap(text: string, indent: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** The help of a command: its usage, and the settings (environment) that it reads. */
export function helpText(usage: string, settings: readonly SettingName[]): string {
  const rows = describeSettings(settings);
  if (rows.length === 0) return usage;
  const indent = 4 + Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, meaning, fallback }) => {
    const text = fallback === undefined ? meaning : `${meaning} (${fallback})`;
    return `  ${name.padEnd(indent - 4)}  ${wrap(text, indent)}`;
  });
  const file = rows.some(({ name }) => name.endsWith('[_FILE]'))
    ? ', or NAME_FILE: a file that has the value'
    : '';
  return `${usage}\n\nSettings (environment${file}):\n${lines.join('\n')}`;
}

/**
 * Prints the help and exits with 0 if the command line asks for it. Call it before anything else.
 */
export function answerHelp(usage: string, settings: readonly SettingName[]): void {
  if (!process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) return;
  process.stdout.write(`${helpText(usage, settings)}\n`);
  process.exit(0);
}
