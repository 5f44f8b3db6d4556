// The record beside the table: it opens by a link, j and k walk on, Escape closes it and gives the focus back.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const drawer = () => $("#drawer:not([hidden])"), rows = () => $$("#data_rows tbody tr");
  const keysOn = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  const typing = (e) => e.target.closest("input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]");
  const rowOf = (token) => rows().find((r) => r.dataset.row === token);
  let shown = drawer()?.dataset.row ?? null, walking = 0;

  const mark = () => rows().forEach((r) => {
    const isOpen = r.dataset.row === drawer()?.dataset.row, link = $("a.rowlink", r);
    r.classList.toggle("open", isOpen);
    if (isOpen) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
  });
  document.addEventListener("htmx:afterSettle", (e) => {
    if (e.detail.target?.id !== "drawer" && e.target.id !== "drawer" && e.target.id !== "found") return;
    const open = drawer(), before = shown;
    shown = open?.dataset.row ?? null;
    mark();
    if (!open && before) $("a.rowlink", rowOf(before) || document)?.focus();
    if (open && shown !== before && matchMedia("(max-width: 1199.98px)").matches) open.focus();
  });
  // what was just put in its place does not know yet what to do; there may be several such, one after the other
  const settled = (go) => {
    if (!$(".htmx-added,.htmx-settling,.htmx-swapping")) go();
    else document.addEventListener("htmx:afterSettle", () => setTimeout(() => settled(go)), { once: true });
  };
  const close = () => $("#data_close")?.click();
  const step = (by) => {
    const all = rows(), at = all.findIndex((r) => r.dataset.row === shown), next = all[at + by];
    if (at >= 0 && next) { $("a.rowlink", next).focus({ preventScroll: true }); next.scrollIntoView({ block: "nearest" }); $("a.rowlink", next).click(); }
  };
  document.addEventListener("rows:moved", (e) => {
    if (!drawer() || e.detail.dataset.row === shown) return;
    clearTimeout(walking);
    walking = setTimeout(() => $("a.rowlink", e.detail)?.click(), 120);
  });
  document.addEventListener("click", (e) => {
    const walk = e.target.closest("[data-walk]");
    if (walk) { e.preventDefault(); step(Number(walk.dataset.walk)); }
    if (e.target.closest("#sel_map")) { const box = $("#data_rows input[name=id]:checked"); if (box) openMap(box.closest("tr")); }
  });
  // which core record it is, is decided in the drawer
  const openMap = (row) => {
    const go = () => $("#data_map")?.click();
    if (row.dataset.row === shown) go();
    else { document.addEventListener("htmx:afterSettle", () => setTimeout(() => settled(go)), { once: true }); $("a.rowlink", row).click(); }
  };
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && drawer() && !$("dialog[open]") && !e.defaultPrevented && !$("details.menu-x[open]")) { e.preventDefault(); close(); return; }
    if (typing(e) || e.ctrlKey || e.metaKey || e.altKey || $("dialog[open]") || !keysOn()) return;
    const button = { p: "promote", i: "ignore", m: "map" }[e.key];
    if (!button) return;
    const inBar = $("#data_chosen.on"), own = drawer() && $(`[data-key="${button}"]`, drawer());
    const wanted = inBar && button !== "map" ? $(`[data-key="${button}"]`, inBar) : own || (inBar && $(`[data-key="${button}"]`, inBar));
    if (!wanted || wanted.closest("[hidden]")) return;
    e.preventDefault();
    settled(() => (wanted.isConnected ? wanted : $(`#drawer [data-key="${button}"]`))?.click());
  });
  document.body.addEventListener("data:done", () => {
    const open = drawer();
    if (open) window.htmx.ajax("GET", location.pathname + location.search, { target: "#drawer", swap: "outerHTML" });
  });
  // search in the payload: lines with the text are marked; Enter leads from one to the next, with Shift back
  let hit = 0;
  const hits = () => $$("#data_payload .l.hit");
  const reveal = (to) => {
    const all = hits(), said = $("#data_found");
    hit = all.length ? (to + all.length) % all.length : 0;
    all.forEach((l, n) => l.classList.toggle("at", n === hit));
    all[hit]?.scrollIntoView({ block: "nearest" });
    said.textContent = $("#data_find").value.trim() === "" ? "" : all.length ? `${hit + 1} of ${all.length}` : "No match";
  };
  document.addEventListener("input", (e) => {
    if (e.target.id !== "data_find") return;
    const text = e.target.value.trim().toLowerCase();
    $$("#data_payload .l").forEach((l) => { l.classList.toggle("hit", text !== "" && l.textContent.toLowerCase().includes(text)); l.classList.remove("at"); });
    reveal(0);
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || e.target.id !== "data_find") return;
    e.preventDefault();
    reveal(hit + (e.shiftKey ? -1 : 1));
  });
})();
