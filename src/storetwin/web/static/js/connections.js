// A form with data-streams is answered as the work goes on: each event holds elements that take the place of those of the same id.
(() => {
  const patch = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    for (const fresh of [...box.content.children]) document.getElementById(fresh.id)?.replaceWith(fresh);
  };
  const events = (text) => text.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).replace(/^ /, "")).join("\n");
  const busy = (form, is) => form.querySelectorAll("button").forEach((b) => { b.disabled = is; });

  const send = async (form, submitter) => {
    const body = new URLSearchParams(new FormData(form, submitter));
    busy(form, true);
    try {
      const answer = await fetch(submitter?.hasAttribute("formaction") ? submitter.formAction : form.action, { method: "POST", body, headers: { Accept: "text/event-stream, text/html" } });
      if (!(answer.headers.get("content-type") || "").startsWith("text/event-stream")) { form.removeAttribute("data-streams"); busy(form, false); form.requestSubmit(submitter); return; }
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        rest += value;
        const parts = rest.split("\n\n");
        rest = parts.pop();
        parts.map(events).filter(Boolean).forEach(patch);
      }
      document.dispatchEvent(new CustomEvent("streamed", { detail: form }));
    } finally { busy(form, false); }
  };
  document.addEventListener("submit", (e) => {
    const form = e.target.closest("form[data-streams]");
    if (!form || (e.submitter && "plain" in e.submitter.dataset)) return;
    e.preventDefault();
    send(form, e.submitter);
  });

  // a list that can be hidden stays so in this browser
  const hidden = (key) => { try { return localStorage.getItem("hidden:" + key) === "yes"; } catch { return false; } };
  const draw = () => document.querySelectorAll("[data-hideable]").forEach((list) => {
    const is = hidden(list.dataset.hideable);
    list.hidden = is;
    const button = document.querySelector(`[data-hides="${list.dataset.hideable}"]`);
    if (button) button.textContent = is ? "Show" : "Hide";
  });
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-hides]");
    if (!button) return;
    try { localStorage.setItem("hidden:" + button.dataset.hides, hidden(button.dataset.hides) ? "no" : "yes"); } catch { /* until the next page */ }
    draw();
  });
  document.addEventListener("live:patched", draw);
  document.addEventListener("streamed", draw);
  draw();
})();
