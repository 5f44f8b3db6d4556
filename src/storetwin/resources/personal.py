"""What of a record is somebody's own, and what stands in its place when he is erased: pure.

Orders stay what an accountant needs: lines, totals, dates. What goes is what WooCommerce's own eraser
takes out of them, with the same values in its place (``WC_Privacy_Erasers`` and
``wp_privacy_anonymize_data``), and what that leaves: the customer's note, and plugins' fields that
are named like something personal or hold his e-mail, phone, name or street.

Only the values change; every other byte of a document stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from storetwin.kernel.json_leaves import Path, leaves, string_of
from storetwin.kernel.json_spans import Span, replaced

DELETED = "[deleted]"
NO_EMAIL = "deleted@site.invalid"
NO_ADDRESS = "0.0.0.0"  # noqa: S104 - what WordPress writes in place of somebody's
SHORTEST_NAME = 3
SHORTEST_STREET = 5
SHORTEST_PHONE = 6
_ADDRESSES = frozenset({"billing", "shipping"})
_EMPTIED = frozenset({"state", "country"})
_NEVER = frozenset({"id", "date_created", "date_created_gmt", "date_modified", "date_modified_gmt"})
_OWN = frozenset({"customer_user_agent", "customer_note", "transaction_id"})
_OF_CUSTOMER = frozenset(
    {"first_name", "last_name", "username", "avatar_url", "name", "display_name"}
)
_HINTS = re.compile(
    r"first.?name|last.?name|full.?name|customer|client|payer|recipient|e-?mail|phone|mobile|address"
    r"|street|city|postcode|zip|birth|gender|vat|tax.?(?:id|number)|passport|iban|user.?agent|session"
    r"|attribution|(?:^|[^a-z])ip(?:$|[^a-z])|contact|signature|company",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by what a store knows him by. Nothing of it shows.

    Args:
        emails: in lower case.
        customers: ids of his accounts.
        orders: ids of his orders.
        terms: what else tells that a text speaks of him, in lower case: phone numbers, names, streets,
            addresses of his computers.
    """

    emails: frozenset[str] = field(default=frozenset(), repr=False)
    customers: frozenset[str] = field(default=frozenset(), repr=False)
    orders: frozenset[str] = field(default=frozenset(), repr=False)
    terms: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def sure_terms(self) -> frozenset[str]:
        """Return those that are no plain word: a name alone may be that of a product as well."""
        return frozenset(term for term in self.terms if not term.isalpha())

    def knows(self, value: str) -> bool:
        """Say whether an e-mail is his."""
        return value.strip().lower() in self.emails


@dataclass(frozen=True, slots=True)
class Document:
    """A document taken apart.

    Args:
        values: (path, where it stands, what it says) of each scalar.
    """

    text: str
    values: tuple[tuple[Path, Span, str], ...]

    @classmethod
    def of(cls, document: bytes) -> Document:
        """Take a document apart."""
        text = document.decode("utf-8", "surrogateescape")
        return cls(text, tuple((p, s, string_of(text[s[0] : s[1]])) for p, s in leaves(text)))

    def at(self, *path: str) -> str:
        """Return what a member says; empty where there is none."""
        return next((value for found, _, value in self.values if found == path), "")


# -- whose a record is ------------------------------------------------------------------------------


def is_his(
    resource: str, remote_id: str, parent_id: str | None, doc: Document, who: Person
) -> bool:
    """Say whether a record is somebody's own; a mention of him in another's makes it not his."""
    if resource in ("refunds", "order_notes"):
        return parent_id in who.orders
    if resource == "customers":
        return remote_id in who.customers or who.knows(doc.at("email"))
    if resource == "reviews":
        return who.knows(doc.at("reviewer_email"))
    if resource in ("coupons", "products", "variations", "settings"):
        return False
    named = (doc.at("billing", "email"), doc.at("email"), doc.at("customer_email"))
    return doc.at("customer_id") in who.customers or any(map(who.knows, named))


def mentions(doc: Document, who: Person) -> bool:
    """Say whether a document has an e-mail of his anywhere, or names his account."""
    if any(email in value.lower() for _, _, value in doc.values for email in who.emails):
        return True
    return any(p[:1] == ("used_by",) and v in who.customers for p, _, v in doc.values)


def terms_of(doc: Document) -> Iterator[str]:
    """Yield what of a record of his tells that a text speaks of him."""
    for where in ((), ("billing",), ("shipping",)):
        first, last = (doc.at(*where, name).strip() for name in ("first_name", "last_name"))
        names = (first, last) if where or doc.at(*where, "email") else ()
        yield from (name for name in names if len(name) >= SHORTEST_NAME)
        if first and last:
            yield f"{first} {last}"
        street = doc.at(*where, "address_1").strip()
        yield from (s for s in (street,) if len(s) >= SHORTEST_STREET)
        phone = doc.at(*where, "phone").strip()
        yield from (p for p in (phone,) if len(re.sub(r"\D", "", p)) >= SHORTEST_PHONE)
        email = doc.at(*where, "email").strip()
        yield from (e for e in (email,) if "@" in e)
    for member in ("customer_ip_address", "username"):
        value = doc.at(member).strip()
        yield from (v for v in (value,) if len(v) > SHORTEST_STREET)


# -- what stands in its place -----------------------------------------------------------------------


def blanked(resource: str, doc: Document, who: Person, *, is_own: bool) -> bytes:
    """Return a document without what is somebody's own.

    Args:
        is_own: the record is his; else only his e-mail is taken out of it.
    """
    surely = _speaking_of(who.emails | (who.sure_terms if is_own else frozenset()))
    anyhow = _speaking_of(who.emails | who.terms) if is_own else surely
    named = _personal_fields(doc, anyhow) if is_own else frozenset()
    pieces = []
    for path, span, value in doc.values:
        new = _instead(resource, path, value, who, is_own=is_own)
        if new is None and is_own and _meta_of(path) in named and path[-1] in _VALUES:
            new = DELETED if value else None
        if new is None:
            speaks = anyhow if _is_free_text(path) else surely
            new = speaks.sub(_in_text, value) if speaks else value
        if new != value:
            pieces.append((span, _written(doc.text[span[0]], new)))
    return replaced(doc.text, pieces).encode("utf-8", "surrogateescape")


def is_clean(document: bytes, who: Person) -> bool:
    """Say whether a document has neither an e-mail nor another term of his left, names of members
    included."""
    text = document.decode("utf-8", "surrogateescape")
    said = "\n".join(string_of(match[0]) for match in _STRINGS.finditer(text))
    speaks = _speaking_of(who.emails | who.sure_terms)
    return speaks is None or speaks.search(said) is None


def scrubbed(text: str, who: Person) -> str:
    """Return a text of ours, like the reason of an error, without what speaks of him."""
    speaks = _speaking_of(who.emails | who.terms)
    return speaks.sub(_in_text, text) if speaks else text


def _is_free_text(path: Path) -> bool:
    """Say whether a value is something that people wrote, or plugins keep."""
    return "meta_data" in path or (bool(path) and path[-1] in _FREE)


_FREE = frozenset({"reason", "review", "note"})
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_VALUES = frozenset({"value", "display_value"})


def _instead(resource: str, path: Path, value: str, who: Person, *, is_own: bool) -> str | None:
    """Return what stands in place of a member that is known to be personal; None for all others."""
    if path[:1] == ("used_by",) and value in who.customers:
        return "0"
    if not is_own or not value or not path or path[-1] in _NEVER:
        return None
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    if path[0] in _ADDRESSES and len(path) > 1:
        return _of_address(name, value, is_customer=resource == "customers")
    return _BY_RESOURCE.get(resource, _of_order)(path, name, value)


def _of_address(name: str, value: str, *, is_customer: bool) -> str:
    """WooCommerce empties a customer's address, and writes over that of an order."""
    if is_customer or name in _EMPTIED:
        return ""
    if name == "phone":
        return re.sub(r"\d", "0", value)
    return NO_EMAIL if name == "email" else DELETED


def _of_customer(path: Path, name: str, value: str) -> str | None:
    if path == ("email",):
        return NO_EMAIL
    if len(path) == 1 and name in _OF_CUSTOMER:
        return ""
    if (
        path[0] == "meta_data"
        and name not in ("id", "key")
        and value not in ("null", "true", "false")
    ):
        return DELETED
    return None


def _of_note(path: Path, *_: str) -> str | None:
    """WooCommerce deletes the notes of an order; here it stays known that there was one."""
    return DELETED if path == ("note",) else None


def _of_review(path: Path, *_: str) -> str | None:
    if path == ("reviewer",):
        return "Anonymous"
    return "" if path == ("reviewer_email",) or path[0] == "reviewer_avatar_urls" else None


def _of_order(path: Path, name: str, value: str) -> str | None:
    if path == ("customer_id",):
        return "0"
    if path == ("customer_ip_address",):
        return "::" if ":" in value else NO_ADDRESS
    if len(path) == 1 and name in _OWN:
        return DELETED
    return NO_EMAIL if len(path) == 1 and name.endswith("email") else None


_BY_RESOURCE: dict[str, Callable[[Path, str, str], str | None]] = {
    "customers": _of_customer,
    "reviews": _of_review,
    "order_notes": _of_note,
}


def _personal_fields(doc: Document, speaks: re.Pattern[str] | None) -> frozenset[Path]:
    """Return which further fields are personal: by their name, or by what they say."""
    found = set()
    for path, _, value in doc.values:
        meta = _meta_of(path)
        if meta is None:
            continue
        is_name = path[-1] in ("key", "display_key") and _HINTS.search(value)
        if is_name or (path[-1] not in ("key", "id") and speaks and speaks.search(value)):
            found.add(meta)
    return frozenset(found)


def _meta_of(path: Path) -> Path | None:
    """Return the entry of ``meta_data`` that a value stands in."""
    if "meta_data" not in path:
        return None
    at = path.index("meta_data")
    return path[: at + 2] if len(path) > at + 2 else None


def _speaking_of(terms: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds any of some terms, as words of their own, however they are written."""
    longest_first = sorted({t.lower() for t in terms if t}, key=lambda t: (-len(t), t))
    if not longest_first:
        return None
    pattern = "|".join(re.escape(term) for term in longest_first)
    return re.compile(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", re.IGNORECASE)


def _in_text(match: re.Match[str]) -> str:
    return NO_EMAIL if "@" in match[0] else DELETED


def _written(first: str, value: str) -> str:
    """Return a value as it is written where another one stood: a text as a text, a number as one."""
    if first == '"':
        return json.dumps(value, ensure_ascii=False)
    return value if value.isdecimal() else json.dumps(value, ensure_ascii=False)
