// From the part of the address after the # to a page.
import { parse_hash } from "./names.js";

export class Router {
  // routes: [["queues/:vhost/:name", load], …]; `load` gives a promise of the page's module.
  constructor(routes) {
    this.routes = routes.map(([pattern, load]) => [pattern === "" ? [] : pattern.split("/"), load]);
  }

  // {load, parameters, query, segments}, or null if no page has this address.
  find(hash) {
    const [segments, query] = parse_hash(hash);
    for (const [pattern, load] of this.routes) {
      const parameters = match(pattern, segments);
      if (parameters) return { load, parameters, query, segments };
    }
    return null;
  }
}

function match(pattern, segments) {
  if (pattern.length !== segments.length) return null;
  const parameters = {};
  for (const [i, part] of pattern.entries()) {
    if (part.startsWith(":")) parameters[part.slice(1)] = segments[i];
    else if (part !== segments[i]) return null;
  }
  return parameters;
}
