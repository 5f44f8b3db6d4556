// Before the first paint: the chosen theme, else the system's. Tiny, so that nothing waits for it.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    let wanted = null;
    try { wanted = localStorage.getItem("theme"); } catch { /* storage is switched off */ }
    const isDark = wanted === "dark" || (wanted !== "light" && dark.matches);
    document.documentElement.dataset.bsTheme = isDark ? "dark" : "light";
    document.documentElement.dataset.theme = wanted || "system";
    document.dispatchEvent(new Event("themechange"));
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  document.addEventListener("theme:set", (event) => {
    try { localStorage.setItem("theme", event.detail); } catch { /* it lasts until the next page */ }
    apply();
  });
})();
