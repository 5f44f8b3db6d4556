"""Numbers as people write them, and the units behind them."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

LONGEST = 60  # characters of what may be a number
_GRAM, _METRE, _LITRE = "mass", "length", "volume"
UNITS: Final[dict[str, tuple[str, Decimal]]] = {
    "mg": (_GRAM, Decimal("0.001")),
    "g": (_GRAM, Decimal(1)),
    "kg": (_GRAM, Decimal(1000)),
    "t": (_GRAM, Decimal(1_000_000)),
    "oz": (_GRAM, Decimal("28.349523125")),
    "lb": (_GRAM, Decimal("453.59237")),
    "lbs": (_GRAM, Decimal("453.59237")),
    "mm": (_METRE, Decimal("0.001")),
    "cm": (_METRE, Decimal("0.01")),
    "dm": (_METRE, Decimal("0.1")),
    "m": (_METRE, Decimal(1)),
    "km": (_METRE, Decimal(1000)),
    "in": (_METRE, Decimal("0.0254")),
    "ft": (_METRE, Decimal("0.3048")),
    "yd": (_METRE, Decimal("0.9144")),
    "ml": (_LITRE, Decimal("0.001")),
    "cl": (_LITRE, Decimal("0.01")),
    "dl": (_LITRE, Decimal("0.1")),
    "l": (_LITRE, Decimal(1)),
}
"""By name: what it measures, and how much of gram, metre or litre it is; exact by definition.

``oz`` and ``lb`` are avoirdupois, ``in``, ``ft`` and ``yd`` international (NIST SP 811, B.8).
"""
_EXACT = Context(prec=60)
_MOST_DECIMALS = 30
_CURRENCIES = frozenset("€$£¥")
_SEPARATORS = {"point": (r"[,  \xa0\u202f'’]", r"\."), "comma": (r"[.  \xa0\u202f'’]", ",")}
_NUMBERS = {
    name: re.compile(
        rf"([^\d\s.,+-]*)\s*([+-]?)(\d{{1,3}}(?:{group}\d{{3}})+|\d*)(?:{point}(\d+))?\s*([^\d\s]*)",
        re.ASCII,
    )
    for name, (group, point) in _SEPARATORS.items()
}


class NumberError(ValueError):
    """It is no number, or not one of that unit; the message says what it is not."""


def number_of(text: str, decimal: str = "point") -> tuple[Decimal, str]:
    """Return a number as people write it, and the unit behind it, empty without one.

    Args:
        decimal: what parts the decimals: ``point`` or ``comma``; the other one parts thousands, and
            stands before exactly three digits.

    Raises:
        NumberError: it is none.
    """
    bare = text.strip()
    found = _NUMBERS[decimal].fullmatch(bare) if len(bare) <= LONGEST else None
    if found is None or not (found[3] or found[4]):
        raise NumberError("it is no number")
    before, sign, whole, decimals, after = found.groups()
    if before and before not in _CURRENCIES and not _is_code(before):
        raise NumberError("it is no number")
    digits = re.sub(r"\D", "", whole, flags=re.ASCII)
    unit = after.rstrip(".").lower()
    if unit and unit not in UNITS and after not in _CURRENCIES and not _is_code(after):
        raise NumberError("what stands behind the number is no unit that is known")
    amount = Decimal(f"{sign}{digits or '0'}.{decimals or '0'}")
    if decimals is None:
        amount = amount.quantize(Decimal(1), context=_EXACT)
    return amount, unit if unit in UNITS else ""


def _is_code(text: str) -> bool:
    """Say whether it looks like the code of a currency."""
    return len(text) == 3 and text.isascii() and text.isupper()


def converted(amount: Decimal, source: str, target: str) -> Decimal:
    """Return an amount in another unit, exactly where that is possible.

    Raises:
        NumberError: the units measure different things.
    """
    if not measures_alike(source, target):
        raise NumberError(f"{source} cannot be told in {target}")
    of, to = UNITS[source][1], UNITS[target][1]
    return _EXACT.divide(_EXACT.multiply(amount, of), to)


def measures_alike(source: str, target: str) -> bool:
    """Say whether two units measure the same thing."""
    return UNITS[source][0] == UNITS[target][0]


def rounded(amount: Decimal, digits: int) -> Decimal:
    """Return an amount with so many decimals, halves away from nothing.

    Raises:
        NumberError: it is too big for that.
    """
    try:
        return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT)
    except InvalidOperation as error:
        raise NumberError("it is too big a number") from error


def trimmed(amount: Decimal) -> Decimal:
    """Return an amount with no more decimals than a column keeps."""
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _MOST_DECIMALS:
        return rounded(amount, _MOST_DECIMALS)
    return amount
