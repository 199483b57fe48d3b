import { languageOf, textsIn, type Texts } from '../texts';
import { colourOf, shapeOf, themeOf } from './colours';
import { make, makeIcon } from './dom';
import { Painter, type View } from './draw';
import { listenToGestures } from './gestures';
import type { MapSeat } from './layout';
import { SeatList } from './list';
import {
  createModel,
  FREE,
  neighbour,
  orphansOf,
  statusCode,
  type MapEvent,
  type Seat,
  type SeatModel,
} from './model';
import { followSeats } from './stream';
import { STYLE } from './style';

/** Where the script came from: the API that a page without `api` means. A module has no `currentScript`. */
const SCRIPT =
  (document.currentScript as HTMLScriptElement | null) ??
  document.querySelector<HTMLScriptElement>('script[src*="/assets/holdfast-map.js"]');
const OWN_ORIGIN = SCRIPT ? new URL(SCRIPT.src).origin : location.origin;

const AGAIN_MS = 4000;
/** Within this time each map reads an event again that was changed. */
const EDITED_MS = 2000;
const MARGIN = 24;
const MOST_ZOOM = 64;
const ZOOM_STEP = 1.6;
/** A seat below so many pixels is not hit by a finger or a mouse: a tap zooms in instead. */
const TOUCH_TARGET = 18;
const MOUSE_TARGET = 7;
const SHOWN_BY_KEYBOARD = 26;
const dark = matchMedia('(prefers-color-scheme: dark)');

/** Why a seat is no longer chosen: somebody took it back, the page did, or another buyer has it. */
type Reason = 'user' | 'page' | 'taken';

const SHAPES = {
  circle: 'M8 2a6 6 0 1 1 0 12a6 6 0 1 1 0-12z',
  square: 'M2.5 2.5h11v11h-11z',
  diamond: 'M8 1l7 7-7 7-7-7z',
};
/** Signs of the buttons, drawn: not every font has arrows. */
const SIGNS = {
  zoomOut: 'M2 8h12',
  zoomFit: 'M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4',
  zoomIn: 'M2 8h12M8 2v12',
};

/**
 * `<holdfast-map event="hamlet">`: the seats of an event, live, to choose from.
 *
 * Attributes: `event`, a slug or an id; `api`, the address of the API, else where the script came from; `key`, a
 * publishable key, if any; `max`, how many seats at most, else what the event allows; `lang`.
 * Properties: `selection`, labels; `held`, labels of seats that this buyer holds: they can be chosen though they are not
 * free. Methods: `choose(label)`, `giveBack(label)`.
 * Events: `ready`; `select` and `deselect` with `detail.seat`, `detail.selection` and, of the second, `detail.reason`
 * of `user`, `page` or `taken`; `orphans` with `detail.seats`, which the choice would leave alone.
 */
export class HoldfastMap extends HTMLElement {
  static readonly observedAttributes = ['event', 'api', 'max', 'lang'];

  private texts: Texts = textsIn('en');
  private model: SeatModel | null = null;
  private painter: Painter | null = null;
  private list: SeatList | null = null;
  private readonly chosen = new Set<number>();
  private ours = new Set<string>();
  private focused: number | null = null;
  private view: View = { x: 0, y: 0, scale: 1 };
  private fit = 1;
  private frame = 0;
  private loading: AbortController | null = null;
  private stopFollowing: () => void = () => undefined;

  private readonly canvas = make('canvas', { tabindex: '0', role: 'application' });
  private readonly tip = make('div', { class: 'tip', hidden: '' });
  private readonly legend = make('ul', { class: 'legend' });
  private readonly zoomTools = make('div', { class: 'tools' });
  private readonly message = make('p', { class: 'message', role: 'status' });
  private readonly orphanNote = make('p', { class: 'orphan', role: 'status' });
  private readonly liveNote = make('p', { class: 'live', role: 'status' });
  private readonly listTitle = make('p', { id: 'list-title', class: 'title' });
  private readonly listPlace = make('div', { role: 'group', 'aria-labelledby': 'list-title' });

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    root.adoptedStyleSheets = [style];
    root.append(
      make('div', { class: 'top' }, this.legend, this.zoomTools),
      make('div', { class: 'map', part: 'map' }, this.canvas, this.tip),
      make('div', { class: 'notes' }, this.liveNote, this.orphanNote, this.message),
      this.listTitle,
      this.listPlace,
    );
    new ResizeObserver(() => {
      if (this.model && this.canvas.clientWidth > 0) this.resize();
    }).observe(this.canvas);
    dark.addEventListener('change', () => {
      this.painter?.setTheme(themeOf(this));
      this.redraw();
    });
    this.canvas.addEventListener('keydown', (event) => this.onKey(event));
    this.canvas.addEventListener('focus', () => this.redraw());
    this.canvas.addEventListener('blur', () => this.redraw());
    listenToGestures(this.canvas, {
      view: () => this.view,
      move: (view) => this.show(view),
      zoom: (factor, at) => this.zoom(factor, at),
      tap: (at, isTouch) => this.tap(at, isTouch),
      hover: (at) => this.hover(at),
    });
  }

  connectedCallback(): void {
    this.start();
  }

  disconnectedCallback(): void {
    this.loading?.abort();
    this.stopFollowing();
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (!this.isConnected || before === value || name === 'max') return;
    this.start();
  }

  /** The labels of the chosen seats. */
  get selection(): string[] {
    return [...this.chosen].map((seat) => this.model!.labels[seat]!);
  }

  set selection(labels: readonly string[]) {
    for (const label of this.selection) if (!labels.includes(label)) this.giveBack(label);
    for (const label of labels) this.choose(label);
  }

  get held(): string[] {
    return [...this.ours];
  }

  set held(labels: readonly string[]) {
    this.ours = new Set(labels);
    if (!this.model) return;
    for (const seat of [...this.chosen]) if (!this.canHave(seat)) this.drop(seat, 'taken');
    this.changed();
  }

  /** Chooses a seat as if it had been clicked. @returns whether it is chosen now */
  choose(label: string): boolean {
    const seat = this.model?.find(label) ?? -1;
    if (seat !== -1 && !this.chosen.has(seat)) this.take(seat);
    return this.chosen.has(seat);
  }

  giveBack(label: string): void {
    const seat = this.model?.find(label) ?? -1;
    if (this.chosen.has(seat)) this.drop(seat, 'page');
  }

  private get max(): number {
    const own = Number(this.getAttribute('max'));
    const allowed = this.model?.event.maxSeatsPerReservation ?? Infinity;
    return Number.isInteger(own) && own > 0 ? Math.min(own, allowed) : allowed;
  }

  // What the map shows comes from the API.

  private address(path = ''): string {
    const api = (this.getAttribute('api') ?? OWN_ORIGIN).replace(/\/$/, '');
    return `${api}/v1/events/${encodeURIComponent(this.getAttribute('event') ?? '')}${path}`;
  }

  private start(): void {
    this.loading?.abort();
    this.stopFollowing();
    const lang = this.closest('[lang]')?.getAttribute('lang');
    this.texts = textsIn(languageOf(lang ? [lang] : navigator.languages));
    if (this.hasAttribute('event')) void this.load();
  }

  private async load(): Promise<void> {
    const loading = new AbortController();
    this.loading = loading;
    const { signal } = loading;
    const key = this.getAttribute('key');
    const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
    const read = async <Body>(path: string): Promise<Body> => {
      const response = await fetch(this.address(path), { signal, headers });
      if (!response.ok) throw new Error(String(response.status));
      return (await response.json()) as Body;
    };
    try {
      const [event, seats] = await Promise.all([
        read<MapEvent>(''),
        read<{ data: MapSeat[] }>('/seats'),
      ]);
      this.build(event, seats.data);
      this.liveNote.textContent = '';
      this.follow();
    } catch (error) {
      if (signal.aborted) return;
      const isGone = (error as Error).message === '404';
      this.liveNote.textContent = this.texts.text(isGone ? 'mapGone' : 'mapFailed');
      if (isGone) return;
      setTimeout(
        () => {
          if (!signal.aborted && this.isConnected) void this.load();
        },
        AGAIN_MS * (1 + Math.random()),
      );
    }
  }

  private build(event: MapEvent, seats: readonly MapSeat[]): void {
    const before = this.model;
    const chosen = before ? this.selection : [];
    const focused = this.focused === null ? null : (before?.labels[this.focused] ?? null);
    const model = createModel(event, seats);
    this.model = model;
    this.painter = new Painter(model, this.canvas, themeOf(this));
    this.chosen.clear();
    this.focused = focused === null ? null : Math.max(0, model.find(focused));
    const lost: number[] = [];
    for (const seat of chosen.map((label) => model.find(label))) {
      if (seat === -1) continue;
      if (this.canHave(seat)) this.chosen.add(seat);
      else lost.push(seat);
    }
    this.dress(event);
    this.list = new SeatList({
      model,
      texts: this.texts,
      isChosen: (seat) => this.chosen.has(seat),
      canHave: (seat) => this.canHave(seat),
      nameOf: (seat) => this.nameOf(seat),
      stateOf: (seat) => this.stateOf(seat),
      toggle: (seat) => this.toggle(seat),
    });
    this.listPlace.replaceChildren(this.list.element);
    if (!before) this.showAll();
    this.draw(Infinity);
    this.canvas.classList.add('ready');
    if (!before) this.dispatch('ready', { seats: model.size });
    for (const seat of lost) this.lose(seat);
  }

  private dress(event: MapEvent): void {
    const { texts } = this;
    const [firstType] = event.priceTypes;
    // What is no longer sold keeps its place, and so its colour, and is not named.
    const sold = event.priceTypes.filter(({ active }) => active !== false);
    const types = new Map(sold.map(({ code, name }) => [code, name]));
    this.legend.setAttribute('aria-label', texts.text('legend'));
    this.legend.replaceChildren(
      ...event.categories.flatMap(({ name, active, price, prices }, index) => {
        if (active === false) return [];
        const others = Object.entries(prices).flatMap(([type, one]) =>
          types.has(type) ? [`${types.get(type)} ${texts.money(one)}`] : [],
        );
        const main = types.size > 1 && firstType ? `${firstType.name} ` : '';
        return make(
          'li',
          {},
          makeIcon(SHAPES[shapeOf(index)], colourOf(index).fill),
          make('span', { dir: 'auto' }, name),
          make('span', { class: 'types' }, [main + texts.money(price), ...others].join(' · ')),
        );
      }),
    );
    const tools = [
      ['zoomOut', () => this.zoom(1 / ZOOM_STEP)],
      ['zoomFit', () => this.showAll()],
      ['zoomIn', () => this.zoom(ZOOM_STEP)],
    ] as const;
    this.zoomTools.replaceChildren(
      ...tools.map(([name, act]) => {
        const title = texts.text(name);
        const attributes = { type: 'button', 'aria-label': title, title };
        const button = make('button', attributes, makeIcon(SIGNS[name]));
        button.addEventListener('click', act);
        return button;
      }),
    );
    this.canvas.setAttribute('aria-label', texts.text('mapOf', { event: event.name }));
    this.canvas.setAttribute('aria-description', texts.text('mapHelp'));
    this.listTitle.textContent = texts.text('list');
  }

  private follow(): void {
    this.stopFollowing();
    this.stopFollowing = followSeats(this.address('/stream'), {
      snapshot: (seats) => {
        const { model } = this;
        if (!model) return;
        // Another number of seats, or other seats: the organiser has changed the map.
        const isSame =
          seats.length === model.size &&
          seats.every(({ label }, index) => label === model.labels[index]);
        if (isSame) seats.forEach(({ status }, index) => this.update(index, status));
        else this.start();
        this.changed();
      },
      changes: (seats) => {
        for (const { label, status } of seats) {
          const seat = this.model?.find(label) ?? -1;
          if (seat === -1) this.start();
          else this.update(seat, status);
        }
        this.changed();
      },
      edited: (seats) => {
        for (const { label, status } of seats) {
          const seat = this.model?.find(label) ?? -1;
          if (seat !== -1) this.update(seat, status);
        }
        this.changed();
        // All who look at this event hear of it in the same moment.
        const { loading } = this;
        setTimeout(() => {
          if (this.loading === loading && this.isConnected) this.start();
        }, EDITED_MS * Math.random());
      },
      live: (isLive) => {
        this.liveNote.textContent = isLive ? '' : this.texts.text('notLive');
      },
    });
  }

  private update(seat: number, status: string): void {
    if (!this.model!.setStatus(seat, statusCode(status))) return;
    this.painter!.changed(seat);
    if (this.chosen.has(seat) && !this.canHave(seat)) this.lose(seat);
  }

  private lose(seat: number): void {
    this.say(this.texts.text('wasTaken', { seat: this.nameOf(seat) }));
    this.drop(seat, 'taken');
  }

  // What can be chosen, and what is.

  private canHave(seat: number): boolean {
    return this.model!.status[seat] === FREE || this.ours.has(this.model!.labels[seat]!);
  }

  private toggle(seat: number): void {
    if (this.chosen.has(seat)) this.drop(seat, 'user');
    else this.take(seat);
  }

  private take(seat: number): void {
    const { texts } = this;
    if (!this.canHave(seat)) {
      this.say(texts.text('notFree', { seat: this.nameOf(seat), status: this.stateOf(seat) }));
      return;
    }
    if (this.chosen.size >= this.max) {
      this.say(texts.text('atMost', { max: this.max }));
      return;
    }
    this.chosen.add(seat);
    const { price } = this.model!.seat(seat);
    this.say(texts.text('nowChosen', { seat: this.nameOf(seat), price: texts.money(price) }));
    this.tell('select', seat);
  }

  private drop(seat: number, reason: Reason): void {
    this.chosen.delete(seat);
    if (reason === 'user') this.say(this.texts.text('nowGivenBack', { seat: this.nameOf(seat) }));
    this.tell('deselect', seat, reason);
  }

  private tell(type: 'select' | 'deselect', seat: number, reason?: Reason): void {
    const detail = { seat: this.model!.seat(seat), selection: this.selection, reason };
    this.dispatch(type, detail);
    this.hintAtOrphans();
    this.changed();
  }

  private hintAtOrphans(): void {
    const { model, texts } = this;
    if ((model!.event.orphanRule ?? 'off') === 'off') return;
    const seats = orphansOf(model!, this.chosen).map((seat) => model!.labels[seat]!);
    this.orphanNote.textContent =
      seats.length === 0 ? '' : texts.text('orphan', { seats: seats.join(', ') });
    this.dispatch('orphans', { seats });
  }

  private dispatch(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  private say(text: string): void {
    this.message.textContent = text;
  }

  private changed(): void {
    this.list?.refresh();
    this.redraw();
  }

  private nameOf(seat: number): string {
    const one: Seat = this.model!.seat(seat);
    const { texts } = this;
    return one.row === null
      ? texts.text('place', { section: one.section, label: one.label })
      : texts.text('seatInRow', {
          section: one.section,
          row: one.row,
          number: one.number ?? one.label,
        });
  }

  private stateOf(seat: number): string {
    const { model, texts } = this;
    const { category, accessible } = model!.seat(seat);
    const { name, price } = model!.event.categories.find((one) => one.code === category)!;
    const status = (['available', 'held', 'sold', 'blocked'] as const)[model!.status[seat]!]!;
    const words = [`${name} ${texts.money(price)}`];
    if (accessible) words.push(texts.text('accessible'));
    words.push(
      texts.text(this.chosen.has(seat) ? 'chosen' : this.canHave(seat) ? 'available' : status),
    );
    return words.join(', ');
  }

  // What part is shown.

  private resize(): void {
    const isAll = this.view.scale === this.fit;
    this.measure();
    if (isAll) this.showAll();
    else this.show(this.view);
  }

  private measure(): void {
    const { box } = this.model!;
    this.fit = Math.min(
      (this.canvas.clientWidth - 2 * MARGIN) / (box.right - box.left),
      (this.canvas.clientHeight - 2 * MARGIN) / (box.bottom - box.top),
      MOST_ZOOM / 2,
    );
  }

  private showAll(): void {
    const { box } = this.model!;
    this.measure();
    this.show({
      x: (box.left + box.right) / 2,
      y: (box.top + box.bottom) / 2,
      scale: this.fit,
    });
  }

  private show({ x, y, scale }: View): void {
    const { box } = this.model!;
    const most = Math.max(MOST_ZOOM, this.fit);
    this.view = {
      x: Math.min(box.right, Math.max(box.left, x)),
      y: Math.min(box.bottom, Math.max(box.top, y)),
      scale: Math.min(most, Math.max(this.fit, scale)),
    };
    this.canvas.classList.toggle('zoomed', this.view.scale > this.fit);
    this.redraw();
  }

  private zoom(factor: number, at = { x: 0, y: 0 }): void {
    if (!this.model) return;
    const { x, y, scale } = this.view;
    const next = Math.min(MOST_ZOOM, Math.max(this.fit, scale * factor));
    this.show({
      x: x + at.x / scale - at.x / next,
      y: y + at.y / scale - at.y / next,
      scale: next,
    });
  }

  private seatAt(at: { x: number; y: number }): number | null {
    const { model, view } = this;
    if (!model) return null;
    const x = view.x + at.x / view.scale;
    const y = view.y + at.y / view.scale;
    let best: number | null = null;
    let least = 0.7;
    model.grid.within({ left: x - 1, right: x + 1, top: y - 1, bottom: y + 1 }, (seat) => {
      const distance = Math.hypot(model.x[seat]! - x, model.y[seat]! - y);
      if (distance < least) {
        best = seat;
        least = distance;
      }
    });
    return best;
  }

  private tap(at: { x: number; y: number }, isTouch: boolean): void {
    if (!this.model) return;
    const target = isTouch ? TOUCH_TARGET : MOUSE_TARGET;
    if (this.view.scale < target) {
      this.zoom((target * 1.3) / this.view.scale, at);
      return;
    }
    const seat = this.seatAt(at);
    this.focused = seat ?? this.focused;
    if (seat !== null) this.toggle(seat);
  }

  private hover(at: { x: number; y: number } | null): void {
    const seat = at && this.seatAt(at);
    this.canvas.classList.toggle('over', seat !== null && this.canHave(seat));
    this.point(seat);
  }

  /** Says beside a seat what it is. */
  private point(seat: number | null): void {
    const { tip, view, canvas } = this;
    tip.hidden = seat === null;
    if (seat === null) return;
    tip.textContent = `${this.nameOf(seat)} – ${this.stateOf(seat)}`;
    const x = (this.model!.x[seat]! - view.x) * view.scale + canvas.clientWidth / 2;
    const y = (this.model!.y[seat]! - view.y) * view.scale + canvas.clientHeight / 2;
    const left = Math.max(4, Math.min(canvas.clientWidth - tip.offsetWidth - 4, x + 12));
    const above = y - tip.offsetHeight - 12;
    tip.style.transform = `translate(${left}px, ${above > 4 ? above : y + 16}px)`;
  }

  private onKey(event: KeyboardEvent): void {
    if (!this.model || this.model.size === 0 || event.ctrlKey || event.metaKey || event.altKey)
      return;
    if (!this.onKeyOf(event.key)) return;
    event.preventDefault();
  }

  private onKeyOf(key: string): boolean {
    switch (key) {
      case 'ArrowLeft':
      case 'ArrowRight':
      case 'ArrowUp':
      case 'ArrowDown':
        this.focusSeat(
          this.focused === null ? this.firstFree() : neighbour(this.model!, this.focused, key),
        );
        return true;
      case 'Enter':
      case ' ':
        if (this.focused === null) this.focusSeat(this.firstFree());
        else this.toggle(this.focused);
        return true;
      case '+':
        this.zoom(ZOOM_STEP);
        return true;
      case '-':
        this.zoom(1 / ZOOM_STEP);
        return true;
      case '0':
        this.showAll();
        return true;
      default:
        return false;
    }
  }

  private firstFree(): number {
    return Math.max(0, this.model!.status.indexOf(FREE));
  }

  private focusSeat(seat: number): void {
    const { model, view, canvas } = this;
    this.focused = seat;
    const x = model!.x[seat]!;
    const y = model!.y[seat]!;
    const scale = Math.max(view.scale, Math.min(SHOWN_BY_KEYBOARD, MOST_ZOOM));
    const across = canvas.clientWidth / 2 / scale - 2;
    const down = canvas.clientHeight / 2 / scale - 2;
    const isShown =
      scale === view.scale && Math.abs(x - view.x) < across && Math.abs(y - view.y) < down;
    if (!isShown) this.show({ x, y, scale });
    this.say(`${this.nameOf(seat)}, ${this.stateOf(seat)}`);
    this.point(seat);
    this.redraw();
  }

  private redraw(): void {
    if (this.frame !== 0 || !this.painter) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(budgetMs?: number): void {
    const marks = {
      chosen: this.chosen,
      focus: this.shadowRoot!.activeElement === this.canvas ? this.focused : null,
    };
    const isComplete = this.painter!.draw(this.view, marks, budgetMs);
    if (!isComplete) this.redraw();
  }
}
