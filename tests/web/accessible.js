// What a page must offer to those who cannot see it or read it well: names of controls, one heading,
// ids that are single, and text that stands out from its ground (WCAG 2.1, 1.4.3). Runs in the page.
export function faults_in_page() {
  const faults = [];
  const visible = (element) => element.checkVisibility({ visibilityProperty: true }) &&
    element.getClientRects().length > 0;
  const name_of = (element) => element.getAttribute("aria-label") ?? element.getAttribute("title") ??
    [...(element.labels ?? [])].map((label) => label.textContent).join("");
  for (const field of document.querySelectorAll("input, select, textarea")) {
    if (name_of(field).trim() === "") faults.push(`no label: ${field.outerHTML}`);
  }
  for (const control of document.querySelectorAll("button, a, summary, dialog, [role=img]")) {
    if ((name_of(control) + control.textContent).trim() === "") faults.push(`no name: ${control.outerHTML}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`id twice: ${id}`);
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  for (const element of document.querySelectorAll("[style]")) faults.push(`style: ${element.outerHTML}`);

  // [r, g, b, a] of a computed colour.
  const parts = (colour) => {
    const numbers = colour.match(/[\d.]+/g).map(Number);
    return numbers.length === 3 ? [...numbers, 1] : numbers;
  };
  const ground_of = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!own || !visible(element) || element.closest("svg, :disabled, option, .visually-hidden")) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground_of(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${element.outerHTML.slice(0, 160)}`);
  }
  return faults;
}
