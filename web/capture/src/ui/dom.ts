// Builds elements without markup strings, which keeps the page clean under a strict policy.

type Attributes = Readonly<Record<string, string>>;

/** An HTML element with attributes and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** One shape of a drawing: tag, attributes, children. */
export type Shape = readonly [string, Attributes, (readonly Shape[])?];

/** An SVG element from shapes; decoration, hidden from assistive technology. */
export function drawing(
  viewBox: string,
  className: string,
  shapes: readonly Shape[],
): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", viewBox);
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  svg.append(...shapes.map(shape));
  return svg;
}

function shape([tag, attributes, children = []]: Shape): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map(shape));
  return element;
}

/** Sets an element's text, only when it differs, so that live regions stay quiet. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
