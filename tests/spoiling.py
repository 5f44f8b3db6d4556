"""Records of a real store, spoiled at random."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from recorded import recorded
from storetwin.mapping import documents
from storetwin.mapping.nouns import NOUNS

NOUNS_WITH_RECORDS = [noun for noun in NOUNS.values() if noun.resource in recorded()]
NAMES = st.text(max_size=3) | st.sampled_from(
    ["id", "total", "name", "a.b", "a\\", "0", "2", "kind", "key", "position", "meta_data", "x\x00"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=()), max_size=5)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [
            "",
            "0",
            "parent",
            "12,50",
            "1e400",
            "0000-00-00T00:00:00",
            "0001-01-01T00:00:00+14:00",
            "99999-01-01T00:00:00",
            "2026-11-20T12:00:00Z",
            "\x00",
            "\ud800",
            "&amp;lt;",
            "x" * 5000,
            "".join(map(chr, range(0x4E00, 0x4E00 + 4000))),
            10**30,
            -(2**63),
            2**64,
            Decimal("1e400"),
            Decimal("-1e-40"),
            Decimal("1.10"),
        ]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Return a noun, and a record of it in which some things are not what they were."""
    noun = draw(st.sampled_from(NOUNS_WITH_RECORDS))
    document = documents.read(draw(st.sampled_from(recorded()[noun.resource])))
    for _ in range(draw(st.integers(1, 4))):
        place: Any = document
        while True:
            names = list(place) if isinstance(place, dict) else list(range(len(place)))
            fresh = draw(NAMES) if isinstance(place, dict) else None
            name = draw(st.sampled_from(names)) if names else fresh
            inner = place[name] if names else None
            if isinstance(inner, dict | list) and inner and draw(st.booleans()):
                place = inner
                continue
            if isinstance(place, list):
                place.insert(0, draw(VALUES))
            else:
                place[draw(st.sampled_from([name, fresh]))] = draw(VALUES)
            break
    return noun.name, document
