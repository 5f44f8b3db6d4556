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
  // 2 takes the store's, 3 keeps core's, in the row that has the focus; in the only one without
  const keysOn = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  document.addEventListener("keydown", (e) => {
    if ((e.key !== "2" && e.key !== "3") || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]") || !keysOn()) return;
    const boxes = [...form.querySelectorAll("input[name=fields]:not(:disabled)")];
    const box = boxes.find((one) => one.closest("tr").contains(document.activeElement)) || (boxes.length === 1 ? boxes[0] : null);
    if (!box || document.activeElement.closest("input[type=search],textarea,select")) return;
    e.preventDefault();
    box.checked = e.key === "2";
    box.focus();
    tell();
  });
  tell();
})();
