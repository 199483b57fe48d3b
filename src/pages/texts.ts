import { formatMoney } from '../domain/currency';
import type { Money } from '../domain/money';

/** All texts of the map and the shop window, in each language that they have. `{name}` is filled in. */
const ENGLISH = {
  // The map.
  mapOf: 'Seat map of {event}',
  mapHelp:
    'Arrow keys go from seat to seat, Enter chooses a seat or gives it back, plus and minus zoom, 0 shows everything. All seats are in the list below, too.',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  zoomFit: 'Show everything',
  legend: 'Prices',
  list: 'Seats as a list',
  free: '{count} free',
  oneRow: 'Row {row}',
  places: 'Places',
  morePlaces: '{count} more places are on the map.',
  seatInRow: '{section}, row {row}, seat {number}',
  place: '{section}, place {label}',
  available: 'free',
  held: 'held by somebody',
  sold: 'sold',
  blocked: 'not for sale',
  chosen: 'chosen',
  accessible: 'accessible place',
  atMost: 'You can choose {max} seats at most.',
  notFree: '{seat}: {status}.',
  wasTaken: '{seat} was taken by somebody else just now.',
  orphan: 'Seat {seats} would be left alone. Please take it too, or move by one seat.',
  notLive: 'The map is not live at the moment. We keep trying.',
  mapFailed: 'The seats cannot be shown at the moment. We keep trying.',
  mapGone: 'There is no such event.',
  nowChosen: '{seat} chosen, {price}.',
  nowGivenBack: '{seat} given back.',

  // The list of events.
  brand: 'Holdfast',
  events: 'Events',
  noEvents: 'There is no event on sale.',
  from: 'from {price}',
  saleClosed: 'Sale closed',
  saleOpens: 'Sale opens {when}',
  goOn: 'Go on with your seats',
  developers: 'For developers',
  apiDocs: 'API, to try out',
  apiReference: 'API reference',
  temporalUi: 'Temporal UI',
  mailCatcher: 'Mail catcher',
  language: 'Sprache: Deutsch',
  loading: 'Loading …',
  backToEvents: 'All events',

  // An event.
  chooseSeats: 'Choose your seats',
  onTheMap: 'On the map',
  bestAvailable: 'Best available',
  category: 'Category',
  howMany: 'How many: {type}',
  yourSeats: 'Your seats',
  nothingChosen: 'Choose seats on the map or in the list.',
  priceTypeOf: 'Price of seat {seat}',
  remove: 'Remove {seat}',
  codeOptional: 'Promo code, if you have one',
  tickets: 'Tickets',
  discount: 'Discount',
  fees: 'Fees',
  tax: 'Tax',
  taxIncluded: 'Tax, included',
  total: 'Total',
  hold: 'Hold these seats',
  holdBest: 'Hold the best seats',
  working: 'One moment …',
  heldFor: 'Held for you: {time}',
  heldUntilSpoken: 'Your seats are held for {minutes} more minutes.',
  changeSeats: 'Change my seats',
  undoChange: 'Keep what I have',
  changeHint: 'You can still choose other seats on the map.',
  letGo: 'Let the seats go',
  moreTime: 'I need more time',

  // The buyer and paying.
  aboutYou: 'About you',
  name: 'Name',
  email: 'E-mail',
  emailHint: 'Your tickets are sent there.',
  pay: 'Pay {price}',
  payment: 'Payment',
  testProvider: 'Test provider',
  testProviderHint: 'This page stands in for a payment provider. No money moves.',
  toPay: '{price} for reservation {id}',
  paySucceeds: 'Pay',
  payFails: 'Have the card declined',
  payLate: 'Pay late, after the hold has ended',
  payTwice: 'Pay twice',
  payBack: 'Back to the shop',
  declined: 'The card was declined ({count}). Your seats are still held: try again.',
  paymentArriving: 'Your payment is being checked …',

  // Afterwards.
  confirmed: 'Thank you. The seats are yours.',
  mailed: 'Your tickets are on their way to {email}.',
  ticketFor: 'Ticket for seat {seat}',
  ticketCode: 'QR code of the ticket for seat {seat}',
  ticketsPrinting: 'Your tickets are being printed …',
  downloadPdf: 'Download the tickets (PDF)',
  giveBack: 'Give back {seat}',
  giveBackSure: 'Give {what} back? You get {refund} back. This cannot be undone.',
  yes: 'Yes, give back',
  no: 'No, keep',
  ticketStatus_void: 'no longer valid',
  ticketStatus_used: 'used',
  expired: 'The time is over, and your seats went back on sale.',
  expiredPaid: 'Your payment came too late and the seats are gone. You get it all back.',
  cancelled: 'You gave your seats back.',
  cancelledPaid: 'Your order was cancelled. The tickets are no longer valid.',
  refunded: 'You get {price} back.',
  startAnew: 'Choose seats again',
  buyMore: 'Buy more tickets',

  // What went wrong, by the API's code.
  problem_seats_unavailable: 'Somebody was faster: {seats} is no longer free. Choose others.',
  problem_seats_unavailable_none: 'There are not so many free seats left. Choose fewer, or others.',
  problem_orphan_seat:
    'That would leave a single seat alone ({seats}). Choose the seats beside it.',
  problem_sale_not_open: 'The sale is not open at the moment.',
  problem_sale_paused: 'The sale is paused. Please try again later.',
  problem_limit_exceeded: 'That is more than one buyer may have.',
  problem_code_invalid: 'This promo code is not valid here.',
  problem_code_used_up: 'This promo code is used up.',
  problem_buyer_required: 'Please tell us your name and e-mail first.',
  problem_reservation_expired: 'The time is over, and your seats went back on sale.',
  problem_extension_limit: 'Your seats cannot be held longer.',
  problem_payment_in_progress: 'Your payment is on its way: the seats cannot be changed now.',
  problem_already_checked_in: 'Somebody has come in with one of these tickets.',
  problem_rate_limited: 'Too many requests. Please wait a moment, then try again.',
  problem_temporarily_unavailable: 'The shop is very busy. Please try again in a moment.',
  problem_not_found: 'This no longer exists.',
  problem_forbidden: 'This is not possible here. Please ask the box office.',
  problem_validation_failed: 'Please check what you wrote: {detail}',
  problem_no_answer: 'There is no connection. Nothing is lost: try again.',
  problem_other: 'That did not work: {detail}',
  noEvent: 'There is no such event (any more).',
  tryAgain: 'Try again',
};

export type TextName = keyof typeof ENGLISH;

const GERMAN: Record<TextName, string> = {
  mapOf: 'Saalplan von {event}',
  mapHelp:
    'Pfeiltasten führen von Platz zu Platz, Eingabe wählt einen Platz oder gibt ihn zurück, Plus und Minus zoomen, 0 zeigt alles. Alle Plätze stehen auch in der Liste darunter.',
  zoomIn: 'Vergrößern',
  zoomOut: 'Verkleinern',
  zoomFit: 'Alles zeigen',
  legend: 'Preise',
  list: 'Plätze als Liste',
  free: '{count} frei',
  oneRow: 'Reihe {row}',
  places: 'Plätze',
  morePlaces: '{count} weitere Plätze sind auf dem Plan.',
  seatInRow: '{section}, Reihe {row}, Platz {number}',
  place: '{section}, Platz {label}',
  available: 'frei',
  held: 'von jemandem vorgemerkt',
  sold: 'verkauft',
  blocked: 'nicht im Verkauf',
  chosen: 'gewählt',
  accessible: 'barrierefreier Platz',
  atMost: 'Sie können höchstens {max} Plätze wählen.',
  notFree: '{seat}: {status}.',
  wasTaken: '{seat} wurde soeben von jemand anderem genommen.',
  orphan: 'Platz {seats} bliebe allein. Nehmen Sie ihn dazu oder rücken Sie um einen Platz.',
  notLive: 'Der Plan ist gerade nicht aktuell. Wir versuchen es weiter.',
  mapFailed: 'Die Plätze können gerade nicht gezeigt werden. Wir versuchen es weiter.',
  mapGone: 'Diese Veranstaltung gibt es nicht.',
  nowChosen: '{seat} gewählt, {price}.',
  nowGivenBack: '{seat} zurückgegeben.',

  brand: 'Holdfast',
  events: 'Veranstaltungen',
  noEvents: 'Es ist keine Veranstaltung im Verkauf.',
  from: 'ab {price}',
  saleClosed: 'Verkauf beendet',
  saleOpens: 'Verkauf ab {when}',
  goOn: 'Weiter mit Ihren Plätzen',
  developers: 'Für Entwickler',
  apiDocs: 'API zum Ausprobieren',
  apiReference: 'API-Referenz',
  temporalUi: 'Temporal UI',
  mailCatcher: 'E-Mail-Fänger',
  language: 'Language: English',
  loading: 'Wird geladen …',
  backToEvents: 'Alle Veranstaltungen',

  chooseSeats: 'Plätze wählen',
  onTheMap: 'Auf dem Plan',
  bestAvailable: 'Beste freie Plätze',
  category: 'Kategorie',
  howMany: 'Wie viele: {type}',
  yourSeats: 'Ihre Plätze',
  nothingChosen: 'Wählen Sie Plätze auf dem Plan oder in der Liste.',
  priceTypeOf: 'Preis von Platz {seat}',
  remove: '{seat} entfernen',
  codeOptional: 'Aktionscode, falls vorhanden',
  tickets: 'Karten',
  discount: 'Nachlass',
  fees: 'Gebühren',
  tax: 'Steuer',
  taxIncluded: 'Steuer, enthalten',
  total: 'Summe',
  hold: 'Diese Plätze vormerken',
  holdBest: 'Beste Plätze vormerken',
  working: 'Einen Moment …',
  heldFor: 'Für Sie vorgemerkt: {time}',
  heldUntilSpoken: 'Ihre Plätze sind noch {minutes} Minuten vorgemerkt.',
  changeSeats: 'Plätze ändern',
  undoChange: 'Nicht ändern',
  changeHint: 'Sie können auf dem Plan noch andere Plätze wählen.',
  letGo: 'Plätze freigeben',
  moreTime: 'Ich brauche mehr Zeit',

  aboutYou: 'Über Sie',
  name: 'Name',
  email: 'E-Mail',
  emailHint: 'Dorthin schicken wir Ihre Karten.',
  pay: '{price} bezahlen',
  payment: 'Bezahlung',
  testProvider: 'Test-Anbieter',
  testProviderHint: 'Diese Seite vertritt einen Zahlungsanbieter. Es fließt kein Geld.',
  toPay: '{price} für die Reservierung {id}',
  paySucceeds: 'Bezahlen',
  payFails: 'Karte ablehnen lassen',
  payLate: 'Zu spät bezahlen, nach Ablauf der Frist',
  payTwice: 'Zweimal bezahlen',
  payBack: 'Zurück zum Shop',
  declined:
    'Die Karte wurde abgelehnt ({count}). Ihre Plätze bleiben vorgemerkt: Versuchen Sie es noch einmal.',
  paymentArriving: 'Ihre Zahlung wird geprüft …',

  confirmed: 'Danke. Die Plätze gehören Ihnen.',
  mailed: 'Ihre Karten sind auf dem Weg an {email}.',
  ticketFor: 'Karte für Platz {seat}',
  ticketCode: 'QR-Code der Karte für Platz {seat}',
  ticketsPrinting: 'Ihre Karten werden gedruckt …',
  downloadPdf: 'Karten herunterladen (PDF)',
  giveBack: '{seat} zurückgeben',
  giveBackSure:
    '{what} zurückgeben? Sie erhalten {refund}. Das lässt sich nicht rückgängig machen.',
  yes: 'Ja, zurückgeben',
  no: 'Nein, behalten',
  ticketStatus_void: 'nicht mehr gültig',
  ticketStatus_used: 'benutzt',
  expired: 'Die Zeit ist um, Ihre Plätze sind wieder im Verkauf.',
  expiredPaid: 'Ihre Zahlung kam zu spät, die Plätze sind weg. Sie erhalten alles zurück.',
  cancelled: 'Sie haben Ihre Plätze zurückgegeben.',
  cancelledPaid: 'Ihre Bestellung wurde storniert. Die Karten gelten nicht mehr.',
  refunded: 'Sie erhalten {price} zurück.',
  startAnew: 'Noch einmal wählen',
  buyMore: 'Weitere Karten kaufen',

  problem_seats_unavailable:
    'Jemand war schneller: {seats} ist nicht mehr frei. Wählen Sie andere.',
  problem_seats_unavailable_none:
    'So viele freie Plätze gibt es nicht mehr. Wählen Sie weniger oder andere.',
  problem_orphan_seat: 'Ein einzelner Platz bliebe übrig ({seats}). Wählen Sie die Plätze daneben.',
  problem_sale_not_open: 'Der Verkauf ist gerade nicht offen.',
  problem_sale_paused: 'Der Verkauf pausiert. Bitte später noch einmal.',
  problem_limit_exceeded: 'Das ist mehr, als eine Person haben kann.',
  problem_code_invalid: 'Dieser Code gilt hier nicht.',
  problem_code_used_up: 'Dieser Code ist aufgebraucht.',
  problem_buyer_required: 'Bitte nennen Sie zuerst Namen und E-Mail.',
  problem_reservation_expired: 'Die Zeit ist um, Ihre Plätze sind wieder im Verkauf.',
  problem_extension_limit: 'Länger können Ihre Plätze nicht vorgemerkt bleiben.',
  problem_payment_in_progress:
    'Ihre Zahlung ist unterwegs: Jetzt lassen sich die Plätze nicht ändern.',
  problem_already_checked_in: 'Mit einer dieser Karten ist schon jemand eingelassen worden.',
  problem_rate_limited:
    'Zu viele Anfragen. Bitte warten Sie kurz und versuchen Sie es noch einmal.',
  problem_temporarily_unavailable: 'Der Shop ist überlastet. Bitte gleich noch einmal versuchen.',
  problem_not_found: 'Das gibt es nicht mehr.',
  problem_forbidden: 'Das geht hier nicht. Bitte fragen Sie an der Kasse.',
  problem_validation_failed: 'Bitte prüfen Sie Ihre Angaben: {detail}',
  problem_no_answer: 'Keine Verbindung. Nichts ist verloren: Versuchen Sie es noch einmal.',
  problem_other: 'Das hat nicht geklappt: {detail}',
  noEvent: 'Diese Veranstaltung gibt es nicht (mehr).',
  tryAgain: 'Noch einmal versuchen',
};

export type Language = 'en' | 'de';
export const SHOP_TEXTS: Record<Language, Record<TextName, string>> = { en: ENGLISH, de: GERMAN };
const LOCALES: Record<Language, string> = { en: 'en-GB', de: 'de-DE' };

/** The first of these languages that we have, by its first two letters; else English. */
export const languageOf = (wanted: readonly string[]): Language =>
  wanted
    .map((one) => one.slice(0, 2).toLowerCase())
    .find((one): one is Language => Object.hasOwn(SHOP_TEXTS, one)) ?? 'en';

export interface Texts {
  language: Language;
  has: (name: string) => name is TextName;
  text: (name: TextName, values?: Record<string, string | number>) => string;
  money: (money: Money) => string;
  /** Date and time at the place of the event. */
  when: (time: string, timeZone: string) => string;
}

export function textsIn(language: Language): Texts {
  const texts = SHOP_TEXTS[language];
  const locale = LOCALES[language];
  return {
    language,
    has: (name): name is TextName => Object.hasOwn(texts, name),
    text: (name, values = {}) =>
      texts[name].replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? '')),
    money: (money) => formatMoney(money, locale),
    when: (time, timeZone) =>
      new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short', timeZone }).format(
        new Date(time),
      ),
  };
}
