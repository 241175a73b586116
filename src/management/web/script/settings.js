// What the browser remembers: choices in localStorage, the login in sessionStorage (gone with the
// tab). A browser that forbids either still works; it only forgets.

const memory = new Map();

function storage(kind) {
  return {
    get(key) {
      try {
        return window[kind].getItem(`harriermq.${key}`) ?? memory.get(kind + key) ?? null;
      } catch {
        return memory.get(kind + key) ?? null;
      }
    },
    set(key, value) {
      memory.set(kind + key, value);
      try {
        window[kind].setItem(`harriermq.${key}`, value);
      } catch {
        // Kept in `memory` until the page is left.
      }
    },
    remove(key) {
      memory.delete(kind + key);
      try {
        window[kind].removeItem(`harriermq.${key}`);
      } catch {
        // As above.
      }
    },
  };
}

export const choices = storage("localStorage");
export const login_store = storage("sessionStorage");
