// The page of a running sandbox: one stream of events feeds every panel.

import { ask, byId, clock, press, setChip } from "/sandbox/page/dom.js";
import { Faults } from "/sandbox/page/faults.js";
import { Records } from "/sandbox/page/records.js";
import { RequestLog } from "/sandbox/page/requests.js";
import { prepare } from "/sandbox/page/tryout.js";
import { Webhooks } from "/sandbox/page/webhooks.js";

const log = new RequestLog();
const faults = new Faults();
const records = new Records();
const webhooks = new Webhooks();
let pairs = {};
let chosen = "read_write";

function showKeys() {
  byId("key").textContent = pairs[chosen].key;
  byId("secret").textContent = pairs[chosen].secret;
}

async function showStore() {
  const store = await ask("GET", "/store");
  pairs = { read_write: store, read_only: store.read_only, write_only: store.write_only };
  byId("url").textContent = store.url;
  byId("about").textContent = `WooCommerce ${store.version} · seed ${store.seed} · ${store.site_timezone}`;
  byId("signing").textContent = store.url.startsWith("https:")
    ? "Public keys of a sandbox, not secret. Send them by Basic authentication, or signed by OAuth 1.0a."
    : "Public keys of a sandbox, not secret. Over plain http WooCommerce takes them only signed by OAuth 1.0a, and so does this store.";
  showKeys();
}

function listen() {
  const stream = new EventSource("/sandbox/events");
  stream.addEventListener("open", () => {
    setChip(byId("link"), "ok", "check", "Live");
    byId("lost").hidden = true;
    showStore();
  });
  stream.addEventListener("error", () => {
    setChip(byId("link"), "bad", "alert", "Not connected");
    if (byId("lost").hidden) {
      byId("lost").textContent = `Live updates stopped at ${clock(Date.now() / 1000).slice(0, 8)}. The figures are from then. Reconnecting …`;
      byId("lost").hidden = false;
    }
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  });
  stream.addEventListener("requests", ({ data }) => log.take(JSON.parse(data)));
  stream.addEventListener("state", ({ data }) => {
    const state = JSON.parse(data);
    log.figures(state);
    faults.figures(state);
    records.figures(state);
    webhooks.figures(state);
  });
}

byId("pairs").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  press(byId("pairs"), button);
  chosen = button.dataset.pair;
  showKeys();
});

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(byId(button.dataset.copy).textContent);
    const use = button.querySelector("use");
    use.setAttribute("href", "/sandbox/page/icons.svg#check");
    button.classList.add("done");
    setTimeout(() => {
      use.setAttribute("href", "/sandbox/page/icons.svg#copy");
      button.classList.remove("done");
    }, 1500);
  });
}

byId("theme").addEventListener("click", () => {
  const isDark = getComputedStyle(document.documentElement).colorScheme === "dark"
    || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const theme = isDark ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("storetwin-theme", theme);
});

byId("reset").addEventListener("click", () => byId("sure").showModal());
byId("keep").addEventListener("click", () => byId("sure").close());
byId("really").addEventListener("click", async () => {
  byId("sure").close();
  await ask("POST", "/reset");
});

prepare(() => pairs[chosen]);
faults.show((await ask("GET", "/kinds")).kinds);
listen();
