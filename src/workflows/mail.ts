import type { MailInput } from '../contracts/reservation';
import { inputOf } from './by-hand';
import { beginStory, tellUnknownSignals } from './story';
import { mailOwed } from './activities';

/** Sends one mail that is owed, for as long as it takes. */
export async function mail(input: MailInput): Promise<string> {
  const { mailId } = inputOf(input, { mailId: 'text' });
  tellUnknownSignals([], beginStory());
  return mailOwed(mailId);
}
