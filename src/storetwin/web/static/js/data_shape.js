// Store data: which columns its tables have, and how high their rows are. The browser remembers both.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const kept = (key) => { try { return localStorage.getItem(key) || ""; } catch { return here[key] || ""; } };
  const keep = (key, value) => { here[key] = value; try { localStorage.setItem(key, value); } catch { /* until the next page */ } };
  const here = {}, table = () => $("#data_rows"), key = () => `columns:${table()?.dataset.resource}`;
  const hidden = () => new Set(kept(key()).split("\n").filter(Boolean));

  const draw = () => {
    const rows = table();
    if (!rows) return;
    const off = hidden(), isDense = kept("density") === "compact";
    rows.classList.toggle("dense", isDense);
    $$("col", rows).forEach((col, n) => {
      if (!col.dataset.column) return;
      const isOff = off.has(col.dataset.column);
      if (isOff === col.classList.contains("off")) return;
      [col, ...$$("tr", rows).map((row) => row.cells[n])].forEach((e) => e.classList.toggle("off", isOff));
    });
    $$("[data-shapes]").forEach((group) => {
      group.hidden = false;
      $$("[data-column]", group).forEach((box) => { box.checked = !off.has(box.dataset.column); });
      $("[data-dense]", group).checked = isDense;
    });
  };
  // on a narrow screen, what is chosen comes into sight
  const reveal = () => $$("#explorer .tabs-row .tabs, #data_pills").forEach((row) => {
    const chosen = $("[aria-current]", row), right = chosen ? chosen.offsetLeft + chosen.offsetWidth - row.offsetLeft + 30 : 0;
    if (right > row.scrollLeft + row.clientWidth) row.scrollLeft = right - row.clientWidth;
  });
  document.addEventListener("change", (e) => {
    const { column } = e.target.dataset;
    if (e.target.matches("[data-shapes] [data-column]")) {
      const off = hidden();
      if (e.target.checked) off.delete(column); else off.add(column);
      keep(key(), [...off].join("\n")); draw();
    }
    if (e.target.matches("[data-dense]")) { keep("density", e.target.checked ? "compact" : ""); draw(); }
  });
  document.addEventListener("htmx:afterSettle", (e) => { if (e.target.id === "found" || e.detail.target?.id === "found") { draw(); reveal(); } });
  addEventListener("storage", draw);
  draw(); reveal();
})();
