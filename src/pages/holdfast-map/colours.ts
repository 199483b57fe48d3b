/**
 * Colours of the categories, by Okabe and Ito: people who see colours otherwise can tell them apart. Each has an ink for
 * what is written on it. What is beyond the list begins again with another shape.
 */
const CATEGORY_COLOURS = [
  { fill: '#0072b2', ink: '#ffffff' },
  { fill: '#e69f00', ink: '#000000' },
  { fill: '#009e73', ink: '#000000' },
  { fill: '#cc79a7', ink: '#000000' },
  { fill: '#56b4e9', ink: '#000000' },
  { fill: '#d55e00', ink: '#000000' },
  { fill: '#8a6fd1', ink: '#000000' },
] as const;

export const colourOf = (category: number) => CATEGORY_COLOURS[category % CATEGORY_COLOURS.length]!;

const SHAPES = ['circle', 'square', 'diamond'] as const;
export type Shape = (typeof SHAPES)[number];
export const shapeOf = (category: number): Shape => SHAPES[category % SHAPES.length]!;

/** The colours of what is not a category. */
export interface Theme {
  ground: string;
  ink: string;
  soft: string;
  taken: string;
}

/** The colours that the style gives an element, as the page and the time of day will have them. */
export function themeOf(element: Element): Theme {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ground: colour('ground'),
    ink: colour('ink'),
    soft: colour('soft'),
    taken: colour('taken'),
  };
}
