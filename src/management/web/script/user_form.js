// Making a user or changing one: password, tags.
import { h } from "./dom.js";
import { form, select, text } from "./form.js";
import { api_path } from "./names.js";

const TAGS = [["administrator", "everything"], ["monitoring", "sees all"], ["policymaker", "sets policies"],
  ["management", "sees its own"]];

export const user_tags = ({ tags }) =>
  (Array.isArray(tags) ? tags : String(tags ?? "").split(",")).map((tag) => tag.trim()).filter(Boolean);

// user: the one to change; without it the form makes a new one.
export function user_form(app, user) {
  const boxes = TAGS.map(([tag, words]) => {
    const box = h("input", { type: "checkbox", value: tag, checked: user ? user_tags(user).includes(tag) : false });
    return [box, h("label", { title: words }, box, tag)];
  });
  // Tags that are not ours to know stay as they are.
  const others = user ? user_tags(user).filter((tag) => !TAGS.some(([known]) => known === tag)) : [];
  const tags = {
    name: "tags", clear: () => {}, write: () => {},
    element: h("fieldset", { class: "wide" }, h("legend", {}, "Tags"),
      h("div", { class: "boxes" }, boxes.map(([, label]) => label))),
    read: () => [...boxes.filter(([box]) => box.checked).map(([box]) => box.value), ...others],
  };
  const password = text("password", user ? "New password" : "Password",
    { type: "password", autocomplete: "new-password" });
  const again = text("again", "The same again", { type: "password", autocomplete: "new-password" });
  const kinds = user ? [["keep", "Keep the password"], ["set", "Set a new password"], ["none", "No password login"]] :
    [["set", "Set a password"], ["none", "No password login"]];
  const kind = select("kind", "Login", kinds);
  const follow = () => {
    for (const field of [password, again]) field.element.hidden = kind.input.value !== "set";
  };
  kind.input.addEventListener("change", follow);
  follow();
  return form({
    fields: [...(user ? [] : [text("name", "Name", { required: true })]), kind, password, again, tags],
    submit: user ? "Change user" : "Add user", keep: user !== undefined,
    async action(values) {
      const name = user?.name ?? values.name;
      await app.api.put(`users/${api_path(name)}`, { tags: values.tags, ...login_part(values, user) });
      password.clear();
      again.clear();
      app.refresh();
      return user ? "Changed." : `User “${name}” is there. It may do nothing before permissions are set.`;
    },
  });
}

function login_part({ kind, password, again }, user) {
  if (kind === "none") return { password_hash: "" };
  if (kind === "keep") return { password_hash: user.password_hash, hashing_algorithm: user.hashing_algorithm };
  if (password === "") throw new Error("A password is needed.");
  if (password !== again) throw new Error("The two passwords differ.");
  return { password };
}
