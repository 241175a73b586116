// The login form: answers once somebody is let in.
import { h } from "./dom.js";
import { mark } from "./shell.js";

export function login_page(api, let_in) {
  const name = h("input", { id: "login-name", name: "username", autocomplete: "username", required: true, spellcheck: "false", autocapitalize: "none" });
  const password = h("input", { id: "login-password", name: "password", type: "password",
    autocomplete: "current-password" });
  const outcome = h("p", { class: "note bad", role: "alert", hidden: true });
  const send = h("button", { type: "submit", class: "primary" }, "Log in");
  const element = h("main", { class: "login" }, h("form", { onsubmit: async (event) => {
    event.preventDefault();
    outcome.hidden = true;
    send.disabled = true;
    try {
      let_in(await api.log_in(name.value, password.value));
    } catch (failure) {
      outcome.textContent = words_for(failure);
      outcome.hidden = false;
      password.value = "";
      password.focus();
    } finally {
      send.disabled = false;
    }
  } },
    h("div", { class: "brand" }, mark(), h("span", {}, "HarrierMQ")),
    h("div", { class: "field" }, h("label", { for: "login-name" }, "Name"), name),
    h("div", { class: "field" }, h("label", { for: "login-password" }, "Password"), password),
    outcome, send));
  element.first = name;
  return element;
}

function words_for(failure) {
  if (failure.status !== 401) return failure.message;
  // The server's own words say more where it is not the password: a missing tag, guest from afar.
  const plain = /^(login failed|access refused\.?|not_authori[sz]ed)$/i.test(failure.message);
  return plain ? "Wrong name or password." : `Login failed: ${failure.message}`;
}
