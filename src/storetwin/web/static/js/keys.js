// The keyboard: rows, pages, search. Single keys are off while somebody types, and can be switched off.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const typing = (e) => e.target.closest("input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]");
  const toggle = $("#keys-on"), stored = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  if (toggle) {
    toggle.checked = stored();
    toggle.addEventListener("change", () => { try { localStorage.setItem("keys", toggle.checked ? "on" : "off"); } catch { /* until the next page */ } });
  }
  const palette = $("#palette"), list = $("#palette-list"), input = palette && $("input", palette);
  // pages that match, then records: the server finds them, and says for which text
  const found = () => { const box = $("#palette_found"); return box && box.dataset.q === input.value.trim() ? $$("a", box) : []; };
  const offered = () => [...$$("li", list).filter((li) => !li.hidden).map((li) => $("a", li)), ...found()];
  input?.addEventListener("input", () => { const q = input.value.trim().toLowerCase(); $$("li", list).forEach((li) => { li.hidden = !li.textContent.toLowerCase().includes(q); }); });
  palette && $("form", palette).addEventListener("submit", (e) => {
    const first = offered().find((a) => !a.closest(".cmd-h"));
    if (first) { e.preventDefault(); location.href = first.href; }
  });
  palette?.addEventListener("keydown", (e) => {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    const all = [input, ...offered()], at = all.indexOf(document.activeElement) + (e.key === "ArrowDown" ? 1 : -1);
    e.preventDefault();
    all[(at + all.length) % all.length].focus();
  });

  let cursor = -1, g = 0;
  const rows = () => $$("table[data-rows] tbody tr").filter((r) => $("a.rowlink", r));
  const places = Object.fromEntries($$("#palette-list li").map((li) => [$$("kbd", li)[1]?.textContent, $("a", li).href]));
  document.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key === "k" && palette) { e.preventDefault(); if (!palette.open) palette.showModal(); input.focus(); return; }
    if (typing(e) || e.ctrlKey || e.metaKey || e.altKey || $("dialog[open]") || !stored()) return;
    if (e.key === "?") { e.preventDefault(); $("#keys")?.showModal(); return; }
    const search = $("[data-search]");
    if (e.key === "/" && search) { e.preventDefault(); search.focus(); return; }
    // whoever goes elsewhere does not mean what the same letter does here
    if (g && Date.now() - g < 900 && places[e.key]) { e.preventDefault(); e.stopImmediatePropagation(); location.href = places[e.key]; return; }
    g = e.key === "g" ? Date.now() : 0;
    const all = rows();
    if (!all.length) return;
    if (e.key === "j" || e.key === "k") {
      const focused = all.findIndex((r) => r.contains(document.activeElement));
      cursor = Math.max(0, Math.min(all.length - 1, (focused < 0 ? cursor : focused) + (e.key === "j" ? 1 : -1)));
      $("a.rowlink", all[cursor]).focus();
      document.dispatchEvent(new CustomEvent("rows:moved", { detail: all[cursor] }));
    }
    if (e.key === "x") {
      const focused = all.findIndex((r) => r.contains(document.activeElement));
      if (focused >= 0) cursor = focused;
      if (all[cursor]) $("input[type=checkbox]", all[cursor])?.click();
    }
  });
})();
