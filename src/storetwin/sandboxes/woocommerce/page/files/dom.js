// Making elements, asking the control door, writing figures. Text only ever enters as text.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** Make an element: properties by name, `data` and `aria-…` as attributes, children as nodes or text. */
export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && !name.startsWith("aria")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function icon(name) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("class", "icon");
  drawn.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/sandbox/page/icons.svg#${name}`);
  drawn.append(use);
  return drawn;
}

/** Write a chip anew: tone, icon, word. */
export function setChip(chip, tone, symbol, text) {
  chip.className = `chip tone-${tone}`;
  chip.replaceChildren(icon(symbol), make("span", {}, text));
}

/** Ask the control door; throws an Error with its own words when it refuses. */
export async function ask(method, path, body) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`/sandbox${path}`, { method, ...sent });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error ?? `The sandbox answered ${answer.status}.`);
  return found;
}

/** Press one of a group of buttons, and let go of the others. */
export function press(group, chosen) {
  for (const button of group.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === chosen));
  }
}

const whole = new Intl.NumberFormat("en");
export const count = (number) => whole.format(number);

/** 812 → "812 B", 48_213 → "48.2 kB". */
export function bytes(number) {
  if (number < 1000) return `${number} B`;
  if (number < 1e6) return `${(number / 1e3).toFixed(number < 1e5 ? 1 : 0)} kB`;
  return `${(number / 1e6).toFixed(1)} MB`;
}

/** Epoch seconds → "14:03:07.512" by this machine's clock. */
export function clock(seconds) {
  const moment = new Date(seconds * 1000);
  const two = (part) => String(part).padStart(2, "0");
  const millis = String(moment.getMilliseconds()).padStart(3, "0");
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}.${millis}`;
}

/** The tone, icon and meaning of an HTTP status; 0 is a connection that was cut. */
export function toneOf(status) {
  if (status === 0 || status >= 500) return ["bad", "cross"];
  if (status >= 400) return ["change", "alert"];
  return status >= 300 ? ["info", "right"] : ["ok", "check"];
}
