// What the store sends by itself: how, and the latest of it.

import { ask, byId, clock, count, icon, make, setChip, toneOf } from "/sandbox/page/dom.js";

export class Webhooks {
  #isTouched = false; // somebody is changing the form: it is not written over
  #newest = -1;

  constructor() {
    const form = byId("sending");
    form.addEventListener("input", () => { this.#isTouched = true; });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#set();
    });
    byId("forget").addEventListener("click", () => ask("DELETE", "/deliveries"));
  }

  /** Show how webhooks are sent, and the latest that were. */
  figures({ webhooks: { delay, fast_queue: isFast, faults, waiting, sent, latest } }) {
    if (!this.#isTouched) {
      byId("delay").value = delay;
      byId("fast").checked = isFast;
      byId("troubles").value = faults.map(({ fault }) => fault).join(" ");
    }
    const struck = faults.flatMap(({ struck: times }) => Object.entries(times));
    byId("sending-figures").replaceChildren(
      make("span", { className: "ink3" }, `${count(sent)} sent, ${count(waiting)} waiting`),
      ...struck.map(([name, times]) => make("span", { className: "tag" }, icon("bolt"), `${name} × ${count(times)}`)),
    );
    byId("forget").disabled = sent === 0;
    byId("unsent").hidden = sent > 0;
    const newest = latest.at(-1)?.number ?? 0;
    if (newest === this.#newest) return;
    this.#newest = newest;
    byId("sent").replaceChildren(...latest.toReversed().map(line));
  }

  async #set() {
    const said = byId("unset");
    try {
      await ask("POST", "/webhooks", {
        delay: Number(byId("delay").value.replace(",", ".")),
        fast_queue: byId("fast").checked,
        faults: byId("troubles").value.split(/\s+/).filter(Boolean),
      });
      this.#isTouched = false;
      said.hidden = true;
    } catch (error) {
      said.textContent = error.message;
      said.hidden = false;
    }
  }
}

function line({ topic, resource_id: record, status, url, at, events, faults, number }) {
  const [tone, symbol] = toneOf(status);
  const chip = make("span");
  setChip(chip, tone, symbol, status === 0 ? "none" : String(status));
  chip.classList.add("ghost");
  return make("li", { value: number },
    make("time", { className: "mono ink3", dateTime: new Date(at * 1000).toISOString() }, clock(at)),
    make("b", { className: "mono" }, topic ? `${topic} ${record}` : "ping"),
    chip,
    ...faults.map((name) => make("span", { className: "tag" }, icon("bolt"), name)),
    events > 1 ? make("span", { className: "ink3 small" }, `${count(events)} events`) : null,
    make("span", { className: "mono ink3 small where" }, url));
}
