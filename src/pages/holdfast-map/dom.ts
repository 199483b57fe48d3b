type Child = Node | string | null;

/** Makes an element. Texts become text nodes, so markup in a name is shown as it is written. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string | null>,
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (value !== null) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A path in a box of 16 by 16, for the eye alone. @param fill none: the style says how it looks */
export function makeIcon(d: string, fill?: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', d);
  if (fill !== undefined) path.setAttribute('fill', fill);
  svg.append(path);
  return svg;
}
