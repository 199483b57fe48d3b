import { escapeHtml, formatEventTime, formatSeat, oneLine } from '../../src/documents/format';

test("an event's time is the venue's, with the zone and its summer time by name", () => {
  const prague = (startsAt: string) => formatEventTime(startsAt, 'Europe/Prague');
  expect(prague('2026-03-14T18:00:00Z')).toEqual({
    weekday: 'Saturday',
    date: '14 March 2026',
    time: '19:00',
    zoneName: 'Central European Standard Time',
  });
  expect(prague('2026-07-14T18:00:00Z')).toMatchObject({
    time: '20:00',
    zoneName: 'Central European Summer Time',
  });
  expect(prague('2026-07-14T22:00:00Z')).toMatchObject({
    weekday: 'Wednesday',
    date: '15 July 2026',
    time: '00:00',
  });
  expect(() => formatEventTime('2026-03-14T18:00:00Z', 'Europe/Nowhere')).toThrow(RangeError);
});

test('a seat is named by section, row and number, a place without rows by its label', () => {
  expect(formatSeat({ label: 'A-12', section: 'Stalls', row: 'A', number: '12 bis' })).toBe(
    'Stalls · Row A · Seat 12 bis',
  );
  expect(formatSeat({ label: 'Floor-17', section: 'Floor', row: null, number: null })).toBe(
    'Floor · Floor-17',
  );
});

test('text of strangers is one line and cannot leave its place in HTML', () => {
  expect(oneLine(' a\r\nb\u0000c\u2028d\u202ee  f\ud800 ')).toBe('a b c d e f\ufffd');
  expect(escapeHtml(`<b onload="x" y='z'>&`)).toBe(
    '&#60;b onload=&#34;x&#34; y=&#39;z&#39;&#62;&#38;',
  );
});
