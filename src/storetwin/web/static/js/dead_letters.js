// The drawer of one dead letter: the row that is open, Esc, and where the focus goes.
(() => {
  const $ = (s, r = document) => r.querySelector(s);
  const drawer = () => $("#drawer:not([hidden])");
  const mark = () => {
    const open = drawer()?.dataset.row;
    document.querySelectorAll("tr[data-row]").forEach((r) => r.classList.toggle("open", r.dataset.row === open));
    $("#letters")?.classList.toggle("has-drawer", !!open);
  };
  document.addEventListener("htmx:afterSwap", () => mark());
  document.addEventListener("rows:moved", (e) => { if (drawer()) $("a.rowlink", e.detail)?.click(); });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || !drawer() || $("dialog[open]")) return;
    const row = $(`tr[data-row="${drawer().dataset.row}"] a.rowlink`), path = $("[data-closes]", drawer()).getAttribute("href");
    const gone = document.createElement("aside");
    gone.id = "drawer"; gone.hidden = true;
    drawer().replaceWith(gone);
    history.pushState({}, "", path);
    mark();
    row?.focus();
  });
})();
