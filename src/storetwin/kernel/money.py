"""Amounts of money as whole minor units of their currency: 12.00 USD is 1200, 12 JPY is 12."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

MOST_MINOR = 10**15
"""Nobody sells for more. What is above is rubbish, and would make sums of it rubbish as well."""

# ISO 4217, list one: the currencies whose minor unit is not a hundredth, by its decimals.
_OTHERS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS = {currency: digits for digits, names in _OTHERS.items() for currency in names.split()}
_AMOUNT = re.compile(r"(-?[0-9]{1,18})(?:\.([0-9]{1,30}))?")


def minor_digits(currency: str | None) -> int:
    """Return how many decimals a currency has; two where nobody knows it."""
    return _DIGITS.get(currency or "", 2)


def to_minor(amount: str, currency: str | None) -> int | None:
    """Return an amount in minor units, halves rounded away from zero; None where it is none.

    A store writes as many decimals as it was set to, be it none or six. What lies below the
    currency's own unit is rounded.
    """
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        return None
    digits = minor_digits(currency)
    whole, part = match.groups("")
    if len(part) <= digits:
        minor = int(whole + part.ljust(digits, "0"))
        return minor if abs(minor) <= MOST_MINOR else None
    rounded = Decimal(amount).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    minor = int(rounded.scaleb(digits))
    return minor if abs(minor) <= MOST_MINOR else None


def from_minor(minor: int, currency: str | None) -> str:
    """Return an amount as people write it: ``12.00``."""
    digits = minor_digits(currency)
    if digits == 0:
        return str(minor)
    whole, part = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{part:0{digits}}"
