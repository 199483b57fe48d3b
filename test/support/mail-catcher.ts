import { simpleParser, type ParsedMail } from 'mailparser';
import { testServices } from './services';

interface Summary {
  id: string;
  subject: string;
  to: { address: string }[];
}

/** The mails that the catcher got for an address, as a mail program reads them, oldest first. */
export async function mailsTo(address: string): Promise<ParsedMail[]> {
  const { mailUrl } = testServices();
  const list = (await (await fetch(`${mailUrl}/api/email`)).json()) as Summary[];
  const mine = list.filter(({ to }) => to.some((recipient) => recipient.address === address));
  return Promise.all(
    mine.map(async ({ id }) => {
      const source = await fetch(`${mailUrl}/api/email/${id}/download`);
      return simpleParser(Buffer.from(await source.arrayBuffer()));
    }),
  );
}
