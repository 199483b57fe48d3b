import * as fc from 'fast-check';
import { mailboxOf, parseEmailAddress } from '../../src/domain/email-address';

const CYRILLIC = 'user@xn--e1afmkfd.xn--p1ai';

test.each([
  ['user@xn--e1afmkfd.xn--p1ai', CYRILLIC],
  ['user@пример.рф', CYRILLIC],
  ['USER@ПРИМЕР.РФ', CYRILLIC],
  ['user@mu\u0308nchen.de', 'user@xn--mnchen-3ya.de'],
  ['user@m\u00fcnchen.de', 'user@xn--mnchen-3ya.de'],
  ['a&b@example.org', 'a&b@example.org'],
  ["O'Hara+tag/x=y@Example.ORG", "o'hara+tag/x=y@example.org"],
  [`${'x'.repeat(64)}@example.org`, `${'x'.repeat(64)}@example.org`],
])('%s is the buyer %s', (text, key) => {
  expect(parseEmailAddress(text)?.key).toBe(key);
});

test('what goes to the mail server keeps the case before the @, which may matter there', () => {
  expect(parseEmailAddress('Ada.B@ПРИМЕР.рф')?.smtp).toBe('Ada.B@xn--e1afmkfd.xn--p1ai');
});

test.each([
  '',
  'ada',
  'ada@',
  '@example.org',
  'ada@example',
  'ada@192.0.2.1',
  'ada@[192.0.2.1]',
  'ada@-example.org',
  'ada@example..org',
  'ada@example.org.',
  'ada@xn--a.org',
  'ada@xn--abc-.org',
  'ada@xn--xn---epa.org',
  'ada@example.xn--a',
  'ada@exam\u00adple.org',
  'ada@пример\u200b.рф',
  'ada@\u3164.org',
  'a da@example.org',
  'a..b@example.org',
  '.a@example.org',
  'a.@example.org',
  '"a b"@example.org',
  'почта@пример.рф',
  'a@b@example.org',
  'a\r\nb@example.org',
  `${'x'.repeat(65)}@example.org`,
  `a@${'x'.repeat(64)}.org`,
  `a@${'пример.'.repeat(30)}рф`,
])('%j is no address', (text) => {
  expect(parseEmailAddress(text)).toBeNull();
});

test('no address can break out of a line of SMTP, and a parsed one parses to itself', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.emailAddress(), fc.string({ unit: 'grapheme' }), fc.webUrl()),
      (text) => {
        const address = parseEmailAddress(text);
        if (address === null) return;
        expect(address.smtp).toMatch(/^[!-;=?-~]+$/);
        expect(parseEmailAddress(address.smtp)).toEqual(address);
      },
    ),
  );
});

test.each([
  ['Ada+Concert@Example.org', 'ada@example.org'],
  ['ada+a+b@example.org', 'ada@example.org'],
  ['a.d.a@example.org', 'a.d.a@example.org'],
  ['A.d.a+x@Gmail.com', 'ada@gmail.com'],
  ['ada@googlemail.com', 'ada@gmail.com'],
  ['+ada@example.org', '+ada@example.org'],
  ['ada+x@пример.рф', 'ada@xn--e1afmkfd.xn--p1ai'],
])('%s is the mailbox %s', (text, mailbox) => {
  expect(mailboxOf(text)).toBe(mailbox);
});

test('a mailbox is its own mailbox, whatever is written behind a +', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,12}$/);
  fc.assert(
    fc.property(word, word, word, (name, tag, domain) => {
      const mailbox = mailboxOf(`${name}+${tag}@${domain}.org`);
      expect(mailbox).toBe(`${name}@${domain}.org`);
      expect(mailboxOf(mailbox)).toBe(mailbox);
    }),
  );
});
