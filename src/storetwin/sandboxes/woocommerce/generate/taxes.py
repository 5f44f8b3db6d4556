"""The tax rates of a generated store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaxRate:
    """One tax rate. ``percent`` 7.25 is shown as ``"7.2500"`` and, in orders, as 7.25."""

    id: int
    country: str
    state: str
    label: str
    percent: float
    postcodes: tuple[str, ...] = ()
    tax_class: str = "standard"

    @property
    def code(self) -> str:
        """``US-CA-CA TAX-1``, as orders name it."""
        parts = [part for part in (self.country, self.state, self.label.upper(), "1") if part]
        return "-".join(parts)


_US = (("NY", 8.875), ("CA", 7.25), ("TX", 6.25), ("WA", 6.5), ("IL", 6.25))
_WORLD = (("DE", "MwSt", 19.0), ("FR", "TVA", 20.0), ("GB", "VAT", 20.0), ("JP", "JCT", 10.0),
          ("ES", "IVA", 21.0), ("IT", "IVA", 22.0), ("NL", "BTW", 21.0), ("PL", "VAT", 23.0))  # fmt: skip

TAX_RATES: tuple[TaxRate, ...] = (
    *(
        TaxRate(1 + at, "US", state, f"{state} Tax", percent,
                ("90000...96199", "94105") if state == "CA" else ())
        for at, (state, percent) in enumerate(_US)
    ),
    *(
        TaxRate(1 + len(_US) + at, country, "", label, percent)
        for at, (country, label, percent) in enumerate(_WORLD)
    ),
    *(
        TaxRate(1 + len(_US) + len(_WORLD) + at, country, "", f"{label} red.", percent / 2, (),
                "reduced-rate")
        for at, (country, label, percent) in enumerate(_WORLD[:7])
    ),
)  # fmt: skip
