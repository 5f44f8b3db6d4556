// What is shown once is shown over the page, and closes only by its own button.
(() => {
  document.querySelectorAll("dialog[data-shown]").forEach((d) => { d.close(); d.showModal(); });
  const once = document.querySelector("dialog[data-once]");
  if (!once) return;
  once.addEventListener("cancel", (e) => e.preventDefault());
  once.addEventListener("click", (e) => { if (e.target === once) e.stopPropagation(); });
  history.replaceState(null, "", once.querySelector(".dialog-f a").href);
})();
