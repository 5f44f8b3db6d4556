// The wire log: rows as they come, newest last. Rows wait while somebody reads further up.

import { ask, byId, bytes, clock, count, icon, make, press, setChip, toneOf } from "/sandbox/page/dom.js";

const MOST_ROWS = 500;
const API = "/wp-json/wc/v3";

export class RequestLog {
  #rows = byId("rows");
  #scroll = byId("scroll");
  #waiting = []; // came while paused
  #unseen = 0; // came while somebody read further up
  #isPaused = false;
  #which = "all";

  constructor() {
    byId("pause").addEventListener("click", () => this.#pause(!this.#isPaused));
    byId("clear").addEventListener("click", () => ask("DELETE", "/requests"));
    byId("filter").addEventListener("input", () => this.#refilter());
    byId("newer").addEventListener("click", () => this.#follow());
    this.#scroll.addEventListener("scroll", () => this.#isAtEnd() && this.#sawAll());
    byId("which").addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      press(byId("which"), button);
      this.#which = button.dataset.which;
      this.#refilter();
    });
  }

  /** Take an event of the stream: `rows`, how many were `missed` before them, `is_new`: begin anew. */
  take({ rows, missed, is_new: isNew }) {
    if (isNew) {
      this.#rows.replaceChildren();
      this.#waiting = [];
      this.#sawAll();
    }
    if (this.#isPaused) {
      this.#waiting.push(...rows);
      this.#waiting.splice(0, this.#waiting.length - MOST_ROWS);
      this.#labelPause();
    } else {
      this.#append(rows, missed);
    }
    this.#told();
  }

  /** Show the totals above the rows. */
  figures({ requests, served, by_status: byStatus }) {
    const chips = Object.entries(byStatus).map(([status, number]) => {
      const chip = make("span");
      const [tone, symbol] = toneOf(Number(status));
      setChip(chip, tone, symbol, `${status === "0" ? "cut" : status} × ${count(number)}`);
      return chip;
    });
    const all = make("span", { className: "ink3" }, `${count(requests)} in all, ${count(served)} records served`);
    byId("totals").replaceChildren(all, ...chips);
  }

  #append(rows, missed) {
    const follows = this.#isAtEnd();
    if (missed > 0 && this.#rows.childElementCount > 0) this.#rows.append(gap(missed));
    const made = rows.map(row);
    for (const line of made) line.hidden = !this.#matches(line);
    this.#rows.append(...made);
    if (follows) {
      while (this.#rows.childElementCount > MOST_ROWS) this.#rows.firstElementChild.remove();
      this.#scroll.scrollTop = this.#scroll.scrollHeight;
    } else {
      this.#unseen += made.filter((line) => !line.hidden).length;
      byId("newer").hidden = this.#unseen === 0;
      byId("newer").querySelector("span").textContent = `${count(this.#unseen)} new, show`;
    }
  }

  #pause(isPaused) {
    this.#isPaused = isPaused;
    const button = byId("pause");
    button.setAttribute("aria-pressed", String(isPaused));
    button.querySelector("use").setAttribute("href", `/sandbox/page/icons.svg#${isPaused ? "play" : "pause"}`);
    if (!isPaused) this.#append(this.#waiting.splice(0), 0);
    this.#labelPause();
    this.#told();
  }

  #labelPause() {
    const waiting = this.#waiting.length ? `, ${count(this.#waiting.length)} new` : "";
    byId("pause").querySelector("span").textContent = this.#isPaused ? `Go on${waiting}` : "Pause";
  }

  #matches(line) {
    const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = this.#which === "all" || line.dataset[this.#which] === "true";
    return kind && words.every((word) => line.dataset.text.includes(word));
  }

  #refilter() {
    for (const line of this.#rows.children) line.hidden = !this.#matches(line);
    this.#told();
    this.#follow();
  }

  #told() {
    const lines = [...this.#rows.children];
    const seen = lines.filter((line) => !line.hidden).length;
    byId("shown").textContent = seen === lines.length ? "" : `${count(seen)} of ${count(lines.length)} match`;
    byId("none").hidden = lines.length > 0;
  }

  #isAtEnd() {
    return this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < 24;
  }

  #follow() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#sawAll();
  }

  #sawAll() {
    this.#unseen = 0;
    byId("newer").hidden = true;
  }
}

function row(found) {
  const query = shortQuery(found.query);
  const isApi = found.path.startsWith(API);
  const [tone, symbol] = toneOf(found.status);
  const chip = make("span");
  setChip(chip, tone, symbol, found.status === 0 ? "cut" : String(found.status));
  chip.classList.add("ghost");
  const faults = found.faults.map((name) => make("span", { className: "tag" }, icon("bolt"), name));
  const line = make(
    "tr", { role: "row" },
    cell("c-time mono", make("time", { dateTime: new Date(found.at * 1000).toISOString() }, clock(found.at))),
    cell("c-method mono", found.method),
    cell("c-path mono",
      make("div", { className: "path" }, make("span", { className: "ink3" }, isApi ? API : ""),
        make("b", {}, decoded(isApi ? found.path.slice(API.length) : found.path))),
      query ? make("div", { className: "query ink2", title: decoded(query) }, "?" + decoded(query)) : null),
    cell("c-fault", ...faults),
    cell("c-status", chip),
    cell("num c-ms", count(Math.round(found.ms)), unit(" ms")),
    cell("num c-size", bytes(found.size)),
  );
  line.dataset.text = `${found.method} ${decoded(`${found.path}?${query}`)} ${found.status} ${found.faults.join(" ")}`.toLowerCase();
  line.dataset.failed = String(found.status === 0 || found.status >= 400);
  line.dataset.struck = String(found.faults.length > 0);
  return line;
}

function gap(missed) {
  const line = make("tr", { role: "row", className: "gap" }, make("td", { role: "cell", colSpan: 7 }, `${count(missed)} more came too fast to be shown`));
  line.dataset.text = "";
  line.dataset.failed = line.dataset.struck = "false";
  return line;
}

const cell = (className, ...children) => make("td", { role: "cell", className }, ...children);
const unit = (text) => make("span", { className: "unit" }, text);

/** The query without what only proves who asks. */
function shortQuery(query) {
  return query.split("&").filter((part) => part && !/^(oauth_|consumer_(key|secret)=)/.test(part)).join("&");
}

function decoded(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text; // not UTF-8: as it was sent
  }
}
