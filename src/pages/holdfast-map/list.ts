import type { Texts } from '../texts';
import { make } from './dom';
import { FREE, type SeatModel } from './model';

const MAX_PLACES = 200;
const REFRESH_MS = 300;

interface ListHost {
  model: SeatModel;
  texts: Texts;
  isChosen: (seat: number) => boolean;
  /** Chosen, or could be. */
  canHave: (seat: number) => boolean;
  nameOf: (seat: number) => string;
  stateOf: (seat: number) => string;
  toggle: (seat: number) => void;
}

/**
 * The seats as a list of sections, rows and seats: what the canvas shows, for those who hear it or use the keyboard.
 * Only what is opened is in the document.
 */
export class SeatList {
  readonly element: HTMLElement;
  private readonly counts: (() => void)[] = [];
  private readonly buttons = new Map<number, HTMLButtonElement>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private id = 0;

  constructor(private readonly host: ListHost) {
    const { model } = host;
    const sections = model.sections.map((section) => {
      const categories = [...new Set(section.rows.map((row) => this.categoryOf(row)))];
      const details = categories.map((category) => model.event.categories[category]!.name);
      const free = () => section.rows.reduce((sum, row) => sum + model.freeInRow[row]!, 0);
      const only = section.rows.length === 1 ? section.rows[0]! : undefined;
      const open = () =>
        only === undefined
          ? make('ul', {}, ...section.rows.map((row) => this.row(row)))
          : this.seats(only);
      return this.disclosure(section.name, details.join(', '), free, open);
    });
    this.element = make('ul', { class: 'sections' }, ...sections);
  }

  private categoryOf(row: number): number {
    return this.host.model.category[this.host.model.rows[row]!.seats[0]!]!;
  }

  /** An entry that opens; its content is made when it is opened, and thrown away when it is closed. */
  private disclosure(name: string, details: string, free: () => number, open: () => HTMLElement) {
    const id = `list-${++this.id}`;
    const count = make('span', { class: 'count' });
    const refresh = () => {
      count.textContent = this.host.texts.text('free', { count: free() });
    };
    refresh();
    this.counts.push(refresh);
    const content = make('div', { id, hidden: '' });
    const button = make(
      'button',
      { type: 'button', class: 'opener', 'aria-expanded': 'false', 'aria-controls': id },
      make('span', { dir: 'auto' }, name),
      ' ',
      make('span', { class: 'details', dir: 'auto' }, details),
      ' ',
      count,
    );
    button.addEventListener('click', () => {
      const isOpen = content.hidden;
      content.replaceChildren(...(isOpen ? [open()] : []));
      content.hidden = !isOpen;
      button.setAttribute('aria-expanded', String(isOpen));
    });
    return make('li', {}, button, content);
  }

  private row(id: number): HTMLElement {
    const { model, texts } = this.host;
    const { name } = model.rows[id]!;
    const title = name === null ? texts.text('places') : texts.text('oneRow', { row: name });
    return this.disclosure(
      title,
      '',
      () => model.freeInRow[id]!,
      () => this.seats(id),
    );
  }

  /** The seats of a row; of places, which are all alike, some that are free. */
  private seats(id: number): HTMLElement {
    const { model, texts, canHave } = this.host;
    const { name, seats } = model.rows[id]!;
    const shown =
      name === null ? seats.filter((seat) => canHave(seat)).slice(0, MAX_PLACES) : seats;
    const more = name === null ? model.freeInRow[id]! - shown.length : 0;
    return make(
      'div',
      { class: 'seats' },
      ...shown.map((seat) => this.seat(seat)),
      more > 0 ? make('p', {}, texts.text('morePlaces', { count: more })) : null,
    );
  }

  private seat(seat: number): HTMLElement {
    const { model, toggle } = this.host;
    const { number, label } = model.seat(seat);
    const button = make('button', { type: 'button', class: 'seat' }, number ?? label);
    button.addEventListener('click', () => toggle(seat));
    this.buttons.set(seat, button);
    this.dress(seat, button);
    return button;
  }

  private dress(seat: number, button: HTMLButtonElement): void {
    const { host } = this;
    button.setAttribute('aria-label', `${host.nameOf(seat)}, ${host.stateOf(seat)}`);
    button.setAttribute('aria-pressed', String(host.isChosen(seat)));
    button.setAttribute('aria-disabled', String(!host.canHave(seat)));
    button.dataset.state = host.isChosen(seat)
      ? 'chosen'
      : host.model.status[seat] === FREE
        ? 'free'
        : 'taken';
  }

  /** Something has changed. What is open is brought up to date soon. */
  refresh(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      for (const count of this.counts) count();
      for (const [seat, button] of this.buttons) {
        if (button.isConnected) this.dress(seat, button);
        else this.buttons.delete(seat);
      }
    }, REFRESH_MS);
  }
}
