// The button says how many fields it changes, and is off while there is none.
(() => {
  const form = document.getElementById("three"), button = document.getElementById("cf-apply");
  if (!form || !button) return;
  const tell = () => {
    const n = form.querySelectorAll("input[name=fields]:checked").length;
    button.disabled = n === 0;
    button.textContent = n ? `Take the store's for ${n} ${n === 1 ? "field" : "fields"}` : "Take the store's";
  };
  form.addEventListener("change", tell);
  tell();
})();
