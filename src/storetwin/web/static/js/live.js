// One stream a page. An event "patch" holds elements with ids, which take the place of those of the same id.
(() => {
  const HIDDEN_MS = 60000, RETRY_MS = 3000;
  let path = document.body.dataset.live;
  if (!path) return;
  let source = null, mark = "", timer = 0, retry = 0;
  const lost = document.querySelector("#live-lost"), at = document.querySelector("#live-lost-at");

  const patch = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    for (const fresh of [...box.content.children]) {
      const old = document.getElementById(fresh.id);
      if (!old) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.id || document.activeElement.getAttribute("href") : null;
      const scrolled = old.scrollTop, wasAtEnd = old.scrollHeight - old.clientHeight - scrolled < 4;
      for (const open of old.querySelectorAll("details[id][open]")) fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
      old.replaceWith(fresh);
      fresh.scrollTop = "follow" in fresh.dataset && wasAtEnd ? fresh.scrollHeight : scrolled;
      if (focused) (document.getElementById(focused) || [...fresh.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused))?.focus();
      window.htmx?.process(fresh);
      fresh.dispatchEvent(new CustomEvent("live:patched", { bubbles: true }));
    }
  };
  document.addEventListener("live:apply", (event) => patch(event.detail));
  const tell = (isLost) => {
    if (!lost || lost.hidden === !isLost) return;
    if (isLost) { const now = new Date(); at.dateTime = now.toISOString(); at.textContent = now.toTimeString().slice(0, 8); }
    lost.hidden = !isLost;
  };
  const open = () => {
    if (source || !path) return;
    const url = new URL(path, location.href);
    if (mark) url.searchParams.set("after", mark);
    source = new EventSource(url);
    source.addEventListener("open", () => tell(false));
    source.addEventListener("patch", (e) => { mark = e.lastEventId; patch(e.data); });
    source.addEventListener("over", () => { close(); location.reload(); });
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) { clearTimeout(retry); retry = setTimeout(() => source?.readyState === EventSource.CONNECTING && tell(true), RETRY_MS); return; }
      close(); tell(true); retry = setTimeout(open, RETRY_MS);
    });
  };
  const close = () => { clearTimeout(retry); source?.close(); source = null; };
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(close, HIDDEN_MS); else open();
  });
  // a page that shows something else by now has another stream
  document.addEventListener("live:moved", (e) => { if (!e.detail || e.detail === path) return; path = e.detail; mark = ""; close(); if (!document.hidden) open(); });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (e) => { if (e.persisted) open(); });
  if (!document.hidden) open();
})();
