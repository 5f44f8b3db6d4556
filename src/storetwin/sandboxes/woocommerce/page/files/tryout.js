// Sends one request as a client would: OAuth 1.0a over http, Basic over https.

import { byId, bytes, count, setChip, toneOf } from "/sandbox/page/dom.js";

const API = "/wp-json/wc/v3/";
const MOST_SHOWN = 4000;

/** Let the form send requests; `keys()` gives the pair that is chosen. */
export function prepare(keys) {
  byId("asking").addEventListener("submit", (event) => {
    event.preventDefault();
    send(byId("path").value.trim().replace(/^\/+/, ""), keys());
  });
}

async function send(path, pair) {
  const began = performance.now();
  try {
    const [url, headers] = await signed(new URL(API + path, location.origin), pair);
    const answer = await fetch(url, { headers: { Accept: "application/json", ...headers }, cache: "no-store" });
    const total = answer.headers.get("x-wp-total");
    const body = await answer.text();
    const facts = [`${count(Math.round(performance.now() - began))} ms`, bytes(new Blob([body]).size),
      answer.headers.get("content-type") ?? "no content type", total === null ? "no total" : `${count(total)} in all`];
    show(answer.status, facts.join(" · "), pretty(body));
  } catch (error) {
    show(0, "the connection broke", error.message);
  }
}

function show(status, facts, body) {
  const [tone, symbol] = toneOf(status);
  setChip(byId("answer-status"), tone, symbol, status ? String(status) : "cut");
  byId("answer-facts").textContent = facts;
  byId("answer-body").textContent = body.slice(0, MOST_SHOWN) + (body.length > MOST_SHOWN ? "\n…" : "");
  byId("answer").hidden = false;
}

function pretty(body) {
  if (body === "") return "(no body)";
  try {
    return JSON.stringify(JSON.parse(body), null, 1);
  } catch {
    return body; // broken on purpose: as it came
  }
}

async function signed(url, { key, secret }) {
  if (url.protocol === "https:") return [url, { Authorization: `Basic ${btoa(`${key}:${secret}`)}` }];
  if (!crypto.subtle) throw new Error("A browser signs only on https, localhost and 127.0.0.1.");
  const own = {
    oauth_consumer_key: key, oauth_nonce: crypto.randomUUID(), oauth_signature_method: "HMAC-SHA256",
    oauth_timestamp: String(Math.floor(Date.now() / 1000)),
  };
  for (const [name, value] of Object.entries(own)) url.searchParams.append(name, value);
  const pairs = [...url.searchParams].map(([name, value]) => [encoded(name), encoded(value)]);
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1));
  const joined = encoded(pairs.map(([name, value]) => `${name}=${value}`).join("&"));
  const where = encoded(url.origin + decodeURIComponent(url.pathname));
  url.searchParams.append("oauth_signature", await hmac(`${secret}&`, `GET&${where}&${joined}`));
  return [url, {}];
}

/** As RFC 3986 wants it for a signature, and as PHP names list items: `a[]` cannot be signed. */
function encoded(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => "%" + sign.charCodeAt(0).toString(16).toUpperCase());
}

async function hmac(secret, text) {
  const bytesOf = (found) => new TextEncoder().encode(found);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytesOf(secret), algorithm, false, ["sign"]);
  const made = await crypto.subtle.sign("HMAC", key, bytesOf(text));
  return btoa(String.fromCharCode(...new Uint8Array(made)));
}
