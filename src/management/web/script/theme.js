// Runs before the first paint, so that a dark page does not flash white: no module, therefore.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("harriermq.theme") ?? "system";
    } catch {
      return "system";
    }
  };
  const apply = () => {
    const theme = chosen();
    const is_dark = theme === "dark" || (theme === "system" && dark.matches);
    document.documentElement.dataset.theme = is_dark ? "dark" : "light";
  };
  dark.addEventListener("change", apply);
  document.addEventListener("theme-chosen", apply);
  apply();
})();
