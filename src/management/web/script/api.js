// The HTTP API, asked with the login of this tab.
//
// Paths are relative to the page, so that everything works below a prefix. `credentials: "omit"`
// keeps the browser from asking for a password by itself when it sees a 401.
import { login_store } from "./settings.js";

// What the server answered instead of doing it; `message` is its `reason`.
export class ApiError extends Error {
  constructor(status, error, reason) {
    super(reason);
    this.name = "ApiError";
    this.status = status;
    this.error = error;
  }
}

const utf8_base64 = (text) =>
  btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

function reason_of(status, text) {
  try {
    const { error, reason } = JSON.parse(text);
    const words = reason ?? error;
    return [error ?? "", typeof words === "string" ? words : JSON.stringify(words)];
  } catch {
    return ["", `The server answered ${status}${text ? `: ${text.slice(0, 300)}` : "."}`];
  }
}

export class Api {
  #authorization = login_store.get("login");

  // Called when a request finds the login no longer valid.
  on_logged_out = () => {};

  get has_login() {
    return this.#authorization !== null;
  }

  // The user's own description; throws ApiError 401 and remembers nothing if the login is wrong.
  async log_in(name, password) {
    const before = this.#authorization;
    this.#authorization = `Basic ${utf8_base64(`${name}:${password}`)}`;
    try {
      const user = await this.#json("GET", "whoami");
      login_store.set("login", this.#authorization);
      return user;
    } catch (failure) {
      this.#authorization = before;
      throw failure;
    }
  }

  log_out() {
    this.#authorization = null;
    login_store.remove("login");
  }

  get(path, query, signal) {
    return this.#json("GET", path, { query, signal });
  }
  put(path, body = {}) {
    return this.#json("PUT", path, { body });
  }
  post(path, body = {}) {
    return this.#json("POST", path, { body });
  }
  delete(path, query) {
    return this.#json("DELETE", path, { query });
  }
  async text(path) {
    return (await this.request("GET", path)).text();
  }

  async #json(method, path, options) {
    const response = await this.request(method, path, options);
    if (response.status === 204) return null;
    const text = await response.text();
    return text === "" ? null : JSON.parse(text);
  }

  // A Response whose status is below 400, its body unread.
  async request(method, path, { query, body, signal } = {}) {
    const words = new URLSearchParams();
    for (const [key, value] of Object.entries(query ?? {})) {
      if (value !== undefined && value !== null && value !== "") words.set(key, value);
    }
    const suffix = words.size > 0 ? `?${words}` : "";
    const response = await fetch(`api/${path}${suffix}`, {
      method,
      signal,
      credentials: "omit",
      cache: "no-store",
      headers: {
        ...(this.#authorization ? { authorization: this.#authorization } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    }).catch((failure) => {
      if (failure.name === "AbortError") throw failure;
      throw new ApiError(0, "unreachable", "The server cannot be reached.");
    });
    if (response.ok) return response;
    const [error, reason] = reason_of(response.status, await response.text());
    // not_authorised (with an s) is a user without the right; with a z the login itself failed.
    if (response.status === 401 && error !== "not_authorised") this.on_logged_out();
    throw new ApiError(response.status, error, reason);
  }
}
