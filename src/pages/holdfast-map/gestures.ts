import type { View } from './draw';

interface GestureHost {
  view(): View;
  /** Shows another part. @param at the point of the page that stays where it is, from the middle of the map */
  move(view: View): void;
  zoom(factor: number, at: { x: number; y: number }): void;
  tap(at: { x: number; y: number }, isTouch: boolean): void;
  hover(at: { x: number; y: number } | null): void;
}

const CLICK_TOLERANCE = 6;
const WHEEL_STEP = 0.0022;

/** Turns what mouse, pen and fingers do on the canvas into movements of the map. */
export function listenToGestures(canvas: HTMLCanvasElement, host: GestureHost): void {
  const pointers = new Map<number, { x: number; y: number }>();
  let moved = 0;

  /** From the middle of the canvas, in pixels of the page. */
  const place = (event: MouseEvent) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return { x: event.clientX - left - width / 2, y: event.clientY - top - height / 2 };
  };

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    if (pointers.size === 0) moved = 0;
    pointers.set(event.pointerId, place(event));
    canvas.setPointerCapture(event.pointerId);
    host.hover(null);
  });

  canvas.addEventListener('pointermove', (event) => {
    const at = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === 'mouse') host.hover(at);
      return;
    }
    const [other] = [...pointers].flatMap(([id, one]) => (id === event.pointerId ? [] : [one]));
    moved += Math.hypot(at.x - before.x, at.y - before.y);
    if (moved < CLICK_TOLERANCE && !other) return;
    const view = host.view();
    // Two fingers move the map by half of what one of them does, and zoom by how far they are apart.
    const share = (other ? 0.5 : 1) / view.scale;
    canvas.classList.add('moving');
    host.move({
      ...view,
      x: view.x - (at.x - before.x) * share,
      y: view.y - (at.y - before.y) * share,
    });
    if (other) {
      const apart = Math.hypot(at.x - other.x, at.y - other.y);
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      if (was > 0 && apart > 0)
        host.zoom(apart / was, { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
    }
    pointers.set(event.pointerId, at);
  });

  const end = (event: PointerEvent) => {
    const wasDown = pointers.delete(event.pointerId);
    if (pointers.size === 0) canvas.classList.remove('moving');
    if (wasDown && event.type === 'pointerup' && moved < CLICK_TOLERANCE && pointers.size === 0)
      host.tap(place(event), event.pointerType === 'touch');
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);
  canvas.addEventListener('pointerleave', () => host.hover(null));

  canvas.addEventListener(
    'wheel',
    (event) => {
      // The wheel scrolls the page, unless somebody is at work on the map or means to zoom.
      const isMeant = event.ctrlKey || event.metaKey || canvas.matches(':focus');
      if (!isMeant) return;
      event.preventDefault();
      host.zoom(Math.exp(-event.deltaY * WHEEL_STEP * (event.ctrlKey ? 4 : 1)), place(event));
    },
    { passive: false },
  );
}
