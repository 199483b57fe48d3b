import { colourOf, shapeOf, type Theme } from './colours';
import type { Box } from './layout';
import { FREE, type SeatModel } from './model';

/** Which part of the map is shown: the middle, and how many pixels of the page a unit has. */
export interface View {
  x: number;
  y: number;
  scale: number;
}

/** Pixels of the page. */
const TILE = 256;
const MAX_DENSITY = 2;
/** How long a frame may take to draw tiles that are not there yet. */
const BUDGET_MS = 8;
/** Below so many pixels a seat is a dot of its colour; above, its state has a form and there is room for its number. */
const FORM_FROM = 6;
const NUMBER_FROM = 18;
const RADIUS = 0.4;

type Context = CanvasRenderingContext2D;

function addShape(context: Context, category: number, x: number, y: number, r: number): void {
  switch (shapeOf(category)) {
    case 'circle':
      context.moveTo(x + r, y);
      context.arc(x, y, r, 0, 2 * Math.PI);
      break;
    case 'square':
      context.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
      break;
    case 'diamond':
      context.moveTo(x, y - 1.15 * r);
      context.lineTo(x + 1.15 * r, y);
      context.lineTo(x, y + 1.15 * r);
      context.lineTo(x - 1.15 * r, y);
      context.closePath();
  }
}

/** The forms of held, sold and blocked: a ring, a cross, a line. So no state is told by colour alone. */
const TAKEN_FORMS = [
  (context: Context, x: number, y: number, r: number) => {
    context.moveTo(x + 0.8 * r, y);
    context.arc(x, y, 0.8 * r, 0, 2 * Math.PI);
  },
  (context: Context, x: number, y: number, r: number) => {
    const d = 0.6 * r;
    context.moveTo(x - d, y - d);
    context.lineTo(x + d, y + d);
    context.moveTo(x - d, y + d);
    context.lineTo(x + d, y - d);
  },
  (context: Context, x: number, y: number, r: number) => {
    context.moveTo(x - 0.6 * r, y);
    context.lineTo(x + 0.6 * r, y);
  },
] as const;

interface Tile {
  canvas: HTMLCanvasElement;
  dirty: boolean;
}

/** The tiles of one scale. */
interface Level {
  scale: number;
  tiles: Map<string, Tile>;
}

/** Scales of tiles differ by half an octave; between two, the finer one is drawn smaller. */
const levelFor = (scale: number): number => 2 ** (Math.ceil(Math.log2(scale) * 2) / 2);

const MAX_TILES = 160;

/** Draws one map. Seats are drawn once to tiles, so that moving the map costs a few copies a frame. */
export class Painter {
  private level: Level = { scale: 0, tiles: new Map() };
  /** What is shown while tiles of a new scale are missing. */
  private before: Level | null = null;
  private readonly density = Math.min(MAX_DENSITY, Math.max(1, devicePixelRatio));

  constructor(
    private readonly model: SeatModel,
    private readonly canvas: HTMLCanvasElement,
    private theme: Theme,
  ) {}

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.level = { scale: 0, tiles: new Map() };
    this.before = null;
  }

  /** A seat has changed: the tiles that show it are drawn anew. */
  changed(seat: number): void {
    for (const { scale, tiles } of this.before ? [this.level, this.before] : [this.level]) {
      const x = this.model.x[seat]! * scale;
      const y = this.model.y[seat]! * scale;
      for (const dx of [-scale, scale]) {
        for (const dy of [-scale, scale]) {
          const tile = tiles.get(`${Math.floor((x + dx) / TILE)} ${Math.floor((y + dy) / TILE)}`);
          if (tile) tile.dirty = true;
        }
      }
    }
  }

  /** @returns whether all of it could be drawn in that time; otherwise call again in the next frame */
  draw(view: View, marks: Marks, budgetMs = BUDGET_MS): boolean {
    const { canvas, density } = this;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * density)) canvas.width = Math.round(width * density);
    if (canvas.height !== Math.round(height * density))
      canvas.height = Math.round(height * density);
    const context = canvas.getContext('2d', { alpha: false })!;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.fillStyle = this.theme.ground;
    context.fillRect(0, 0, width, height);
    const scale = levelFor(view.scale);
    if (scale !== this.level.scale) {
      // A scale that was never complete is no better than the one before it.
      if (this.level.tiles.size > 0) this.before = this.level;
      this.level = { scale, tiles: new Map() };
    }
    const frame = { context, view, width, height };
    if (this.before) this.drawLevel(frame, this.before, 0);
    const complete = this.drawLevel(frame, this.level, budgetMs);
    this.drawNames(frame);
    this.drawMarks(frame, marks);
    const isClean = complete && this.before === null;
    if (complete) this.before = null;
    return isClean;
  }

  private drawLevel(
    { context, view, width, height }: Frame,
    { scale, tiles }: Level,
    budgetMs: number,
  ): boolean {
    const until = performance.now() + budgetMs;
    const size = (TILE * view.scale) / scale;
    const left = view.x * view.scale - width / 2;
    const top = view.y * view.scale - height / 2;
    let complete = true;
    let drawn = 0;
    for (let row = Math.floor(top / size); row * size < top + height; row++) {
      for (let column = Math.floor(left / size); column * size < left + width; column++) {
        const key = `${column} ${row}`;
        let tile = tiles.get(key);
        if (budgetMs > 0 && (!tile || tile.dirty)) {
          if (drawn === 0 || performance.now() < until) {
            drawn++;
            tile = this.drawTile(tile, scale, column, row);
            tiles.delete(key);
            tiles.set(key, tile);
          } else complete = false;
        }
        if (tile)
          context.drawImage(tile.canvas, column * size - left, row * size - top, size, size);
      }
    }
    for (const key of tiles.keys()) {
      if (tiles.size <= MAX_TILES) break;
      tiles.delete(key);
    }
    return complete;
  }

  private drawTile(known: Tile | undefined, scale: number, column: number, row: number): Tile {
    const { model, density } = this;
    const canvas = known?.canvas ?? document.createElement('canvas');
    canvas.width = canvas.height = TILE * density;
    const context = canvas.getContext('2d')!;
    context.setTransform(
      density * scale,
      0,
      0,
      density * scale,
      -column * TILE * density,
      -row * TILE * density,
    );
    const styles = new Map<number, number[]>();
    const box = {
      left: (column * TILE) / scale - 1,
      top: (row * TILE) / scale - 1,
      right: ((column + 1) * TILE) / scale + 1,
      bottom: ((row + 1) * TILE) / scale + 1,
    };
    const categories = model.event.categories.length;
    model.grid.within(box, (seat) => {
      const status = model.status[seat]!;
      const style = status === FREE ? model.category[seat]! : categories + status - 1;
      const list = styles.get(style);
      if (list) list.push(seat);
      else styles.set(style, [seat]);
    });
    for (const [style, seats] of styles) {
      if (style < categories) this.drawFree(context, scale, style, seats);
      else this.drawTaken(context, scale, TAKEN_FORMS[style - categories]!, seats);
    }
    if (scale >= NUMBER_FROM) this.writeNumbers(context, { scale, column, row, box }, styles);
    return { canvas, dirty: false };
  }

  private drawFree(context: Context, scale: number, category: number, seats: number[]): void {
    const { x, y } = this.model;
    context.fillStyle = colourOf(category).fill;
    if (scale < FORM_FROM) {
      for (const seat of seats)
        context.fillRect(x[seat]! - RADIUS, y[seat]! - RADIUS, 2 * RADIUS, 2 * RADIUS);
      return;
    }
    context.beginPath();
    for (const seat of seats) addShape(context, category, x[seat]!, y[seat]!, RADIUS);
    context.fill();
  }

  private drawTaken(
    context: Context,
    scale: number,
    form: (typeof TAKEN_FORMS)[number],
    seats: number[],
  ): void {
    const { x, y } = this.model;
    if (scale < FORM_FROM) {
      const half = RADIUS / 2;
      context.fillStyle = this.theme.taken;
      for (const seat of seats)
        context.fillRect(x[seat]! - half, y[seat]! - half, 2 * half, 2 * half);
      return;
    }
    context.strokeStyle = this.theme.taken;
    context.lineWidth = Math.max(0.09, 1 / scale);
    context.beginPath();
    for (const seat of seats) form(context, x[seat]!, y[seat]!, RADIUS);
    context.stroke();
  }

  /** In pixels of the page: a font of less than one pixel has no widths to speak of. */
  private writeNumbers(
    context: Context,
    { scale, column, row, box }: TilePlace,
    styles: ReadonlyMap<number, number[]>,
  ): void {
    const { model, theme, density } = this;
    const shift = TILE * density;
    context.setTransform(density, 0, 0, density, -column * shift, -row * shift);
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    const font = (size: number) => `${size * scale}px system-ui, sans-serif`;
    for (const [style, seats] of styles) {
      if (style >= model.event.categories.length) continue;
      context.fillStyle = colourOf(style).ink;
      for (const seat of seats) {
        const text = model.accessible[seat] === 1 ? '♿' : (model.seat(seat).number ?? '');
        context.font = font(text.length > 2 ? 0.28 : 0.4);
        context.fillText(text, model.x[seat]! * scale, (model.y[seat]! + 0.03) * scale, scale);
      }
    }
    context.fillStyle = theme.soft;
    context.font = font(0.4);
    for (const { name, seats } of model.rows) {
      const x = model.x[seats[0]!]! - 0.95;
      const y = model.y[seats[0]!]!;
      const isHere = x > box.left && x < box.right && y > box.top && y < box.bottom;
      if (name !== null && isHere) context.fillText(name, x * scale, y * scale, 0.9 * scale);
    }
  }

  /** Names of sections, where there is room: above each, and of one size whatever the scale is. */
  private drawNames({ context, view, width, height }: Frame): void {
    context.font = '600 13px system-ui, sans-serif';
    context.textAlign = 'center';
    context.textBaseline = 'bottom';
    for (const { name, box } of this.model.sections) {
      const from = (box.left - view.x) * view.scale + width / 2;
      const to = (box.right - view.x) * view.scale + width / 2;
      const above = (box.top - view.y) * view.scale + height / 2;
      const below = (box.bottom - view.y) * view.scale + height / 2;
      if (to < 0 || from > width || below < 30 || above > height + 20) continue;
      const text = name.length > 40 ? `${name.slice(0, 39)}…` : name;
      const textWidth = context.measureText(text).width;
      if (textWidth > Math.max(to - from, 24) + 8) continue;
      const at = Math.max(above - 3, Math.min(18, height));
      if (at > above) this.drawPlate(context, textWidth, (from + to) / 2, at);
      context.lineWidth = 3;
      context.strokeStyle = this.theme.ground;
      context.fillStyle = this.theme.ink;
      context.strokeText(text, (from + to) / 2, at);
      context.fillText(text, (from + to) / 2, at);
    }
  }

  /** The ground behind a name that stays in sight over the seats of its section. */
  private drawPlate(context: Context, textWidth: number, x: number, bottom: number): void {
    context.fillStyle = this.theme.ground;
    context.beginPath();
    context.roundRect(x - textWidth / 2 - 8, bottom - 18, textWidth + 16, 22, 11);
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = this.theme.soft;
    context.stroke();
  }

  /** What was chosen, and where the keyboard is. */
  private drawMarks({ context, view, width, height }: Frame, { chosen, focus }: Marks): void {
    const { model, theme } = this;
    const at = (seat: number): [number, number] => [
      (model.x[seat]! - view.x) * view.scale + width / 2,
      (model.y[seat]! - view.y) * view.scale + height / 2,
    ];
    const r = Math.max(4, 0.46 * view.scale);
    for (const seat of chosen) {
      const [x, y] = at(seat);
      context.beginPath();
      context.arc(x, y, r, 0, 2 * Math.PI);
      context.fillStyle = theme.ink;
      context.fill();
      context.beginPath();
      context.moveTo(x - 0.45 * r, y);
      context.lineTo(x - 0.1 * r, y + 0.35 * r);
      context.lineTo(x + 0.5 * r, y - 0.35 * r);
      context.strokeStyle = theme.ground;
      context.lineWidth = Math.max(1.5, 0.2 * r);
      context.stroke();
    }
    if (focus === null) return;
    const [x, y] = at(focus);
    for (const [colour, line] of [
      [theme.ground, 4],
      [theme.ink, 2.5],
    ] as const) {
      // Close, so that the seats beside it stay whole.
      context.beginPath();
      context.rect(x - r - 1.5, y - r - 1.5, 2 * r + 3, 2 * r + 3);
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.stroke();
    }
  }
}

/** What is drawn over the seats. */
interface Marks {
  chosen: Iterable<number>;
  focus: number | null;
}

interface TilePlace {
  scale: number;
  column: number;
  row: number;
  box: Box;
}

interface Frame {
  context: Context;
  view: View;
  width: number;
  height: number;
}
