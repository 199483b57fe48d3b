/**
 * Colours of the categories, by Okabe and Ito: people who see colours otherwise can tell them apart. Each has an ink for
 * what is written on it. What is beyond the list begins again with another shape.
 */
export const CATEGORY_COLOURS = [
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

export const LIGHT: Theme = {
  ground: '#ffffff',
  ink: '#1b1512',
  soft: '#5f554e',
  taken: '#a39890',
};
export const DARK: Theme = { ground: '#191614', ink: '#f4eee9', soft: '#b3a79d', taken: '#6d635c' };
