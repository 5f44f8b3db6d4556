// Printing needs a script: its button is there only with one.
(() => {
  document.querySelectorAll("[data-prints]").forEach((b) => { b.hidden = false; b.addEventListener("click", () => print()); });
})();
