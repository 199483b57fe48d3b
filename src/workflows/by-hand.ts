import { ApplicationFailure } from '@temporalio/workflow';
import { whyUnreadable } from '../contracts/unreadable';

/**
 * The input of a workflow, which somebody may have started by hand.
 * @param needs what each field must be, by name
 * @throws ApplicationFailure that says what the input needs; nothing was done, and it is not tried again
 */
export function inputOf<Input extends object>(
  input: Input | undefined,
  needs: { [Field in keyof Input]-?: 'text' | 'number' },
): Input {
  const fields = Object.entries<'text' | 'number'>(needs);
  const given = (input ?? {}) as Record<string, unknown>;
  const fits = fields.every(([name, type]) =>
    type === 'text'
      ? typeof given[name] === 'string' && given[name] !== ''
      : Number.isSafeInteger(given[name]),
  );
  if (fits) return input!;
  const unreadable = whyUnreadable(input);
  if (unreadable !== null)
    throw ApplicationFailure.nonRetryable(
      `Nothing was done: the input could not be read (${unreadable}).`,
      'InvalidInput',
    );
  const form = fields.map(([name, type]) => `"${name}": ${type}`).join(', ');
  throw ApplicationFailure.nonRetryable(
    `Nothing was done: the input needs { ${form} }. Start it again with that.`,
    'InvalidInput',
  );
}
