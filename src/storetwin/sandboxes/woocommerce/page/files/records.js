// How many records there are, and changing them by the control door.

import { ask, byId, count, make } from "/sandbox/page/dom.js";

const DONE = {
  create: "was created", edit: "was edited", trash: "is in the trash",
  restore: "is out of the trash", delete: "is deleted for good: nothing in the store tells of it",
};

export class Records {
  #lastOf = new Map(); // resource → the id that was touched last

  constructor() {
    byId("changing").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change(event.submitter?.dataset.verb ?? "create");
    });
    byId("resource").addEventListener("change", () => this.#suggest());
  }

  /** Show the counts, and offer the same resources for changing. */
  figures({ records }) {
    const names = Object.keys(records);
    const shown = byId("counts");
    if (shown.childElementCount !== names.length) this.#lay(names);
    for (const [name, number] of Object.entries(records)) {
      const link = byId(`count-${name}`);
      if (link.textContent !== count(number)) link.textContent = count(number);
    }
  }

  #lay(names) {
    byId("counts").replaceChildren(...names.map((name) => {
      const number = make("a", { href: `/sandbox/records/${name}`, id: `count-${name}` });
      number.setAttribute("aria-describedby", `name-${name}`);
      return make("div", {}, make("dt", { id: `name-${name}` }, spaced(name)), make("dd", {}, number));
    }));
    // "/?change=products&fields={…}#change" leads to changing a product
    const asked = new URLSearchParams(location.search), wanted = asked.get("change"), fields = byId("fields");
    const chosen = byId("resource").value || (names.includes(wanted) ? wanted : "orders");
    if (!fields.value && asked.has("fields")) { fields.value = asked.get("fields"); fields.closest("details").open = true; }
    byId("resource").replaceChildren(...names.map((name) => make("option", { value: name, selected: name === chosen }, spaced(name))));
    this.#suggest();
    if (location.hash === "#change") byId("change").scrollIntoView();
  }

  async #suggest() {
    const resource = byId("resource").value;
    if (!this.#lastOf.has(resource)) {
      const { ids } = await ask("GET", `/records/${resource}`);
      this.#lastOf.set(resource, ids.at(-1) ?? "");
    }
    if (byId("resource").value === resource) byId("number").value = this.#lastOf.get(resource);
  }

  async #change(verb) {
    const resource = byId("resource").value;
    const said = byId("changed");
    try {
      const text = byId("fields").value.trim();
      const asked = { verb, resource, fields: text ? parsed(text) : {} };
      if (verb !== "create") asked.id = Number(byId("number").value);
      const { id } = await ask("POST", "/mutate", asked);
      this.#lastOf.set(resource, id);
      byId("number").value = id;
      said.className = "small result good";
      said.textContent = `${spaced(resource)} ${id} ${DONE[verb]}.`;
    } catch (error) {
      said.className = "small result error";
      said.textContent = error.message;
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The fields are no JSON: ${error.message}`);
  }
}

function spaced(name) {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
