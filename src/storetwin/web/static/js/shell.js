// The frame: theme, drawer, menus, dialogs, and the reader's time zone.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes("storetwin_zone=" + zone))
    document.cookie = `storetwin_zone=${zone}; path=/; max-age=31536000; samesite=lax`;

  const drawTheme = () => $$("[data-theme-set]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.themeSet === document.documentElement.dataset.theme));
  document.addEventListener("themechange", drawTheme);
  drawTheme();

  const side = $("#side"), menu = $("#menu");
  const drawer = (open) => {
    side.classList.toggle("open", open);
    menu.setAttribute("aria-expanded", open);
    menu.setAttribute("aria-label", open ? "Close navigation" : "Open navigation");
    if (open) $("a", side).focus();
  };
  $$("[hidden]#cmd").forEach((b) => { b.hidden = false; });

  const show = (id) => { const d = document.getElementById(id); if (d && !d.open) { d.showModal(); $("[autofocus],input,button", d)?.focus(); } };
  document.addEventListener("click", (e) => {
    const t = e.target;
    if (t.closest("#menu")) drawer(!side.classList.contains("open"));
    else if (side?.classList.contains("open") && !t.closest("#side")) drawer(false);
    const theme = t.closest("[data-theme-set]");
    if (theme) document.dispatchEvent(new CustomEvent("theme:set", { detail: theme.dataset.themeSet }));
    const opens = t.closest("[data-opens]");
    if (opens) { e.preventDefault(); show(opens.dataset.opens); }
    if (t.closest("[data-close]") || t.matches("dialog")) t.closest("dialog").close();
    const toast = t.closest("[data-toast]");
    if (toast) $("#toasts").textContent = toast.dataset.toast;
    const copy = t.closest("[data-copies]");
    if (copy) navigator.clipboard?.writeText(document.getElementById(copy.dataset.copies).textContent).then(() => { $("#toasts").textContent = "Copied."; });
    $$("details.menu-x[open]").forEach((d) => { if (!d.contains(t) || t.closest("a.dropdown-item,button[data-opens]")) d.open = false; });
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    const open = $("details.menu-x[open]");
    if (open) { open.open = false; $("summary", open).focus(); e.stopImmediatePropagation(); return; }
    if (side?.classList.contains("open")) { drawer(false); menu.focus(); e.stopImmediatePropagation(); }
  });
  // what went wrong is said where the server says
  document.addEventListener("htmx:beforeSwap", (e) => { if (e.detail.xhr.status >= 400 && e.detail.xhr.getResponseHeader("HX-Retarget")) { e.detail.shouldSwap = true; e.detail.isError = false; document.querySelectorAll("dialog[open]").forEach((d) => d.close()); scrollTo(0, 0); } });
  // what is chosen in a list of boxes, in a word: <span data-chosen="name" data-none="all">
  document.addEventListener("change", (e) => {
    const box = e.target.closest("input[type=checkbox][name]"), told = box?.form?.querySelector(`[data-chosen="${box.name}"]`);
    if (!told) return;
    const n = box.form.querySelectorAll(`input[name="${box.name}"]:checked`).length;
    told.textContent = n ? String(n) : told.dataset.none;
  });
  // a form with data-auto sends itself when a choice changes; without scripts it has its button
  document.addEventListener("change", (e) => e.target.closest("form[data-auto]")?.requestSubmit());
})();
