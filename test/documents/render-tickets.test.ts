import { createBrowserPool } from '../../src/documents/browser';
import { MAX_TICKETS_PER_PDF, renderTickets } from '../../src/documents/render-tickets';
import type { TicketSheet } from '../../src/documents/ticket-sheet';
import { readPdf, type ReadPdf } from '../support/pdf-reader';
import { sheet, ticket } from './sheets';

const keeper = createBrowserPool();
afterAll(() => keeper.close());

async function print(content: TicketSheet): Promise<ReadPdf> {
  return readPdf((await renderTickets(keeper, content)).pdf);
}

/** One A4 page a ticket, each with its own code, readable at 150 dpi: whatever the names are. */
function expectWholeTickets(pdf: ReadPdf, { tickets }: TicketSheet): void {
  expect(pdf.pages.map(({ qr }) => qr)).toEqual(tickets.map(({ code }) => code));
  for (const { widthMm, heightMm } of pdf.pages) {
    expect(Math.abs(widthMm - 210)).toBeLessThan(0.5);
    expect(Math.abs(heightMm - 297)).toBeLessThan(0.5);
  }
}

const words = (text: string) => text.replace(/\s+/g, ' ');
const letters = (text: string) => text.replace(/\s+/g, '');

test('a ticket tells all there is to know, as text that can be selected', async () => {
  const content = sheet();
  const pdf = await print(content);
  expectWholeTickets(pdf, content);
  expect(pdf.title).toBe('Ticket – Hamlet');
  const text = words(pdf.pages[0]!.text);
  const expected = [
    'Hamlet',
    'Theatre',
    '14 March 2026',
    'Saturday',
    '19:00',
    'Central European Standard Time',
    'Europe/Prague',
  ];
  for (const part of [
    ...expected,
    'SECTION Stalls',
    'ROW A',
    'SEAT 12',
    'Premium',
    '€45.00',
    'Ophelia Nováková',
  ]) {
    expect(text).toContain(part);
  }
  expect(letters(text)).toContain(content.reservationId);
  expect(letters(text)).toContain(content.tickets[0]!.code);
});

test('each ticket has a page of its own, in order', async () => {
  const content = sheet({
    tickets: [1, 2, 3].map((number) => ticket({ label: `A-${number}`, number: `${number}` })),
  });
  const pdf = await print(content);
  expectWholeTickets(pdf, content);
  expect(pdf.title).toBe('3 tickets – Hamlet');
  pdf.pages.forEach(({ text }, index) => {
    expect(words(text)).toContain(`TICKET ${index + 1} OF 3`);
    expect(words(text)).toContain(`Row A · Seat ${index + 1} `);
  });
});

test('a general admission ticket names its place', async () => {
  const content = sheet({
    tickets: [ticket({ label: 'Floor-17', section: 'Floor', row: null, number: null })],
  });
  const pdf = await print(content);
  expectWholeTickets(pdf, content);
  expect(words(pdf.pages[0]!.text)).toContain('SECTION Floor PLACE Floor-17');
});

test('a hundred tickets are one PDF, more or none are refused', async () => {
  const tickets = Array.from({ length: MAX_TICKETS_PER_PDF }, () => ticket());
  const { pdf } = await renderTickets(keeper, sheet({ tickets }));
  expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)).toHaveLength(MAX_TICKETS_PER_PDF);
  await expect(renderTickets(keeper, sheet({ tickets: [...tickets, ticket()] }))).rejects.toThrow(
    RangeError,
  );
  await expect(renderTickets(keeper, sheet({ tickets: [] }))).rejects.toThrow(RangeError);
});

test('names that are HTML, script or style are printed as what they are', async () => {
  const name = `</style></title><script>document.body.innerHTML=""</script><b>"Tom" & 'Jerry'</b>`;
  const content = sheet({
    event: { name, venue: '<img src=x onerror=alert(1)>' },
    holder: '{{7*7}} ${1} &amp; <!--',
  });
  const pdf = await print(content);
  expectWholeTickets(pdf, content);
  expect(pdf.title).toBe(`Ticket – ${name}`);
  const text = letters(pdf.pages[0]!.text);
  for (const part of [name, '<img src=x onerror=alert(1)>', '{{7*7}} ${1} &amp; <!--'])
    expect(text).toContain(letters(part));
});

test.each([
  ['words', 'The most lamentable comedy '.repeat(8).slice(0, 200)],
  ['one word', 'W'.repeat(200)],
  ['Chinese', '漢'.repeat(200)],
  ['line breaks', '\n\r\u2028'.repeat(66) + 'ab'],
  ['marks on one letter', 'Z' + '\u0301\u0329'.repeat(99)],
  ['emoji', '👨‍👩‍👧'.repeat(25)],
  ['the widest ligature', '\ufdfd'.repeat(200)],
])('names of 200 characters (%s) stay on their page', async (_kind, name) => {
  const content = sheet({
    event: { name, venue: name },
    holder: name,
    tickets: [
      ticket({ section: name, row: name, category: name }),
      ticket({ section: name, row: null }),
    ],
  });
  expectWholeTickets(await print(content), content);
});

test('long names are printed to their end', async () => {
  const name = (end: string) => `${'The most lamentable comedy '.repeat(7)}${end}`;
  const content = sheet({
    event: { name: name('Enobarbus'), venue: name('Volumnia') },
    holder: name('Fortinbras'),
  });
  const text = words((await print(content)).pages[0]!.text);
  for (const end of ['Enobarbus', 'Volumnia', 'Fortinbras']) expect(text).toContain(end);
});

test('the longest seat label that a code carries still reads', async () => {
  const content = sheet({ tickets: [ticket({ label: '座'.repeat(200) })] });
  expectWholeTickets(await print(content), content);
});
