import type { MailInput } from '../contracts/reservation';
import { sendOwedMail } from './activities';

/** Sends one mail that is owed, for as long as it takes. */
export async function mail({ mailId }: MailInput): Promise<string> {
  return sendOwedMail(mailId);
}
