// Store data: what is selected. Either single records, on any page, or all that match but some; the server finds them again.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const picked = new Set(), left = new Set();
  let all = false, filter = null, told = "", last = null;
  const list = () => $("#found"), form = () => $("#data_chosen"), boxes = () => $$("#data_rows input[name=id]");
  const number = (n) => n.toLocaleString("en");
  const isOn = (token) => (all ? !left.has(token) : picked.has(token));

  const draw = () => {
    const found = list(), bar = form();
    if (!found || !bar) return;
    const match = Number(found.dataset.count), more = found.dataset.cut ? "more than " : "", rows = boxes();
    const count = all ? match - left.size : picked.size;
    rows.forEach((box) => {
      box.checked = isOn(box.value);
      box.closest("tr").setAttribute("aria-selected", box.checked);
    });
    const here = rows.filter((box) => box.checked).length, head = $("#check-all");
    if (head) { head.checked = here > 0 && here === rows.length; head.indeterminate = here > 0 && here < rows.length; }
    bar.classList.toggle("on", count > 0);
    const text = all
      ? `${more}${number(count)} selected: all that match${left.size ? `, ${number(left.size)} left out` : ""}.`
      : `${number(count)} selected.${told && count ? ` ${told}` : ""}`;
    const said = $("#sel_text");
    if (said.textContent !== text) said.textContent = text.charAt(0).toUpperCase() + text.slice(1);
    const every = $("#sel_all");
    every.hidden = all || here < rows.length || match <= rows.length || !count;
    every.textContent = `Select all ${more}${number(match)} that match`;
    const rule = $("#sel_rule"); // a rule is the filter: it has no exceptions
    if (rule) rule.hidden = !all || left.size > 0;
    const one = count === 1 && !all && rows.find((box) => box.checked);
    $$(".only-one", bar).forEach((e) => { e.hidden = !one || !("maps" in one.closest("tr").dataset); });
    const field = (name, value) => { bar.elements.namedItem(name).value = value; };
    field("all", all ? "yes" : ""); field("seen", count);
    field("picked", all ? "" : [...picked].join("\n")); field("but", all ? [...left].join("\n") : "");
  };
  const put = (token, on) => { const set = all ? left : picked; if (all ? on : !on) set.delete(token); else set.add(token); };
  const clear = () => { picked.clear(); left.clear(); all = false; told = ""; draw(); };

  document.addEventListener("click", (e) => {
    const box = e.target.closest("#data_rows input[name=id]");
    if (box) {
      const rows = boxes(), from = rows.indexOf(last), to = rows.indexOf(box), on = box.checked;
      if (e.shiftKey && from >= 0) rows.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((b) => put(b.value, on));
      else put(box.value, on);
      last = box; draw();
    }
    if (e.target.closest("#sel_all")) { all = true; left.clear(); picked.clear(); told = ""; draw(); $("#check-all")?.focus(); }
    if (e.target.closest("#sel_clear")) { clear(); $("#check-all")?.focus(); }
    const again = e.target.closest("[data-again]");
    if (again) { e.preventDefault(); refresh(); }
  });
  document.addEventListener("change", (e) => {
    if (e.target.id !== "check-all") return;
    const on = e.target.checked;
    boxes().forEach((box) => put(box.value, on)); draw();
  });

  // after a swap: another filter keeps single records, and lets go of "all that match"
  const settle = () => {
    const found = list();
    if (!found) return;
    if (filter !== null && filter !== found.dataset.filter) {
      told = picked.size ? "Some may not be in this list." : "";
      if (all) { const n = Number(found.dataset.count); clear(); if (n >= 0) say("The filter has changed: what was selected by it is not selected any more.", "idle"); }
    }
    filter = found.dataset.filter; last = null;
    draw();
    document.dispatchEvent(new CustomEvent("live:moved", { detail: found.dataset.stream }));
  };
  const say = (text, tone = "ok") => {
    let note = $("#data_note");
    if (!note) { note = document.createElement("div"); note.id = "data_note"; note.setAttribute("role", "status"); $("#explorer").before(note); }
    note.className = `note tone-${tone} mb-3`;
    const box = document.createElement("div"); box.textContent = text;
    const close = document.createElement("button"); close.type = "button"; close.className = "btn btn-ghost btn-s ms-auto"; close.textContent = "Close"; close.addEventListener("click", () => note.remove());
    note.replaceChildren(box, close);
  };
  const refresh = () => window.htmx.ajax("GET", location.pathname + location.search, { target: "#found", swap: "outerHTML" });

  document.addEventListener("htmx:afterSettle", (e) => { if (e.target.id === "found" || e.detail.target?.id === "found") settle(); });
  document.addEventListener("htmx:configRequest", (e) => {
    // what is open beside the table stays open, whatever the table shows
    const base = $("#explorer")?.dataset.path, open = $("#drawer:not([hidden])")?.dataset.path;
    if (open && e.detail.target?.id === "found" && e.detail.path.split("?")[0] === base) e.detail.path = open + e.detail.path.slice(base.length);
  });
  document.addEventListener("htmx:beforeRequest", (e) => { if (e.detail.target?.id === "found") list()?.classList.add("stale"); });
  document.addEventListener("htmx:afterRequest", (e) => { if (!e.detail.successful) list()?.classList.remove("stale"); });
  document.addEventListener("htmx:afterSwap", (e) => {
    const dialog = $("#data_act");
    if (e.detail.target?.id === "data_dialog" && dialog && !dialog.open) { dialog.showModal(); $("[autofocus],.btn-primary", dialog)?.focus(); }
  });
  // the server says what was done: the list and the open record show it in their places
  document.body.addEventListener("data:done", (e) => {
    const { note, tone, keep } = e.detail;
    if (note) say(note, tone);
    if (!keep) clear();
    $$("dialog[open]").forEach((dialog) => dialog.close());
    refresh().then(() => document.dispatchEvent(new CustomEvent("data:refreshed")));
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || $("dialog[open]") || e.defaultPrevented) return;
    if ($("#drawer:not([hidden])")) return; // the drawer closes first
    if (form()?.classList.contains("on")) clear();
  });
  filter = list()?.dataset.filter ?? null;
  draw();
})();
