// Builds elements. Text always becomes a text node and attributes are set one by one, so no name,
// whatever is in it, can turn into markup.

const SVG = "http://www.w3.org/2000/svg";
// Set after the children are there: a select has no value before it has options.
const PROPERTIES = new Set(["value", "checked", "selected", "disabled", "indeterminate"]);

function fill(element, attributes, children) {
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

export const h = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

// Puts `children` in place of what `element` holds.
export function replace(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined));
  return element;
}

let ids = 0;
export const fresh_id = (prefix) => `${prefix}-${++ids}`;
