// What can be broken, from the catalogue of the sandbox; and what is.

import { ask, byId, count, icon, make } from "/sandbox/page/dom.js";

export class Faults {
  #switches = new Map();

  /** Show the catalogue: `kinds` of name, meaning and parameters (name → meaning). */
  show(kinds) {
    this.#switches = new Map(kinds.map((kind) => [kind.name, new Switch(kind)]));
    byId("kinds").replaceChildren(...[...this.#switches.values()].map((one) => one.element));
    byId("find").addEventListener("input", () => this.#find());
    byId("repair").addEventListener("click", () => ask("DELETE", "/faults"));
  }

  /** Take over what is on. */
  figures({ faults }) {
    const on = new Map(faults.map((fault) => [fault.name, fault]));
    for (const [name, one] of this.#switches) one.set(on.get(name));
    byId("broken").textContent = on.size ? `${on.size} on` : "nothing is broken";
    byId("broken").className = on.size ? "chip tone-bad plain" : "ink3 small";
    byId("repair").disabled = on.size === 0;
  }

  #find() {
    const words = byId("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const one of this.#switches.values()) {
      one.element.hidden = !words.every((word) => one.text.includes(word));
      found += one.element.hidden ? 0 : 1;
    }
    byId("unfound").hidden = found > 0;
  }
}

class Switch {
  #kind;
  #toggle;
  #inputs = new Map();
  #struck = make("p", { className: "struck small" });
  #error = make("p", { className: "small error", role: "alert", hidden: true });
  #apply = make("button", { className: "btn btn-s", hidden: true }, "Apply");

  constructor(kind) {
    this.#kind = kind;
    this.text = `${kind.name} ${kind.meaning}`.toLowerCase();
    this.#toggle = make("input", { type: "checkbox", role: "switch", className: "switch", id: `on-${kind.name}` });
    this.#toggle.setAttribute("aria-describedby", `what-${kind.name}`);
    this.#toggle.addEventListener("change", () => this.#send(this.#toggle.checked));
    const form = make("form", {},
      make("div", { className: "line" },
        make("label", { className: "name mono", htmlFor: `on-${kind.name}` }, kind.name), this.#toggle),
      make("p", { className: "meaning small", id: `what-${kind.name}` }, kind.meaning),
      this.#struck,
      this.#parameters(), this.#error);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(true);
    });
    this.element = make("li", {}, form);
    this.element.dataset.fault = kind.name;
  }

  /** Show it on, with its parameters and how often it struck, or off (`undefined`). */
  set(fault) {
    this.#toggle.checked = fault !== undefined;
    this.element.classList.toggle("on", fault !== undefined);
    this.#struck.replaceChildren(...(fault ? [icon("bolt"), said(fault)] : []));
    if (!fault) this.#apply.hidden = true;
    for (const [name, input] of this.#inputs) {
      if (fault && this.#apply.hidden && document.activeElement !== input) {
        input.value = fault.parameters[name] ?? "";
      }
    }
  }

  #parameters() {
    const names = Object.entries(this.#kind.parameters);
    if (!names.length) return null;
    const fields = names.map(([name, meaning]) => {
      const input = make("input", { autocomplete: "off", spellcheck: false });
      input.addEventListener("input", () => { this.#apply.hidden = !this.#toggle.checked; });
      this.#inputs.set(name, input);
      const label = make("span", {}, make("span", { className: "mono" }, name), make("span", { className: "ink3" }, meaning));
      return make("label", { className: "field" }, label, input);
    });
    const summary = make("summary", {}, names.map(([name]) => name).join(", "),
      make("span", { className: "vh" }, `: parameters of ${this.#kind.name}`));
    return make("details", {}, summary, make("div", { className: "fields" }, ...fields, this.#apply));
  }

  async #send(isOn) {
    const given = [...this.#inputs].filter(([, input]) => input.value.trim() !== "");
    const values = given.map(([name, input]) => `${name}=${input.value.trim()}`).join(",");
    const name = this.#kind.name;
    try {
      if (isOn) await ask("POST", "/faults", { fault: values ? `${name}:${values}` : name });
      else await ask("DELETE", `/faults?name=${encodeURIComponent(name)}`);
      this.#apply.hidden = true;
      this.#error.hidden = true;
    } catch (error) {
      this.#toggle.checked = this.element.classList.contains("on");
      this.#error.textContent = error.message;
      this.#error.hidden = false;
    }
  }
}

function said({ struck, ids, some_ids: some }) {
  const times = `struck ${count(struck)} ×`;
  if (!ids) return times;
  const rest = ids > some.length ? ` and ${count(ids - some.length)} more` : "";
  return `${times}, on ${some.join(", ")}${rest}`;
}
