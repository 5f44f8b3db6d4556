"""Figures with their budgets."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One measured figure; ``budget`` is an upper bound unless ``at_least``."""

    value: float
    unit: str
    budget: float | None
    at_least: bool

    @property
    def ok(self) -> bool:
        if self.budget is None:
            return True
        return self.value >= self.budget if self.at_least else self.value <= self.budget


@dataclass
class Figures:
    """What was measured so far."""

    found: dict[str, Figure] = field(default_factory=dict)

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        budget: float | None = None,
        *,
        at_least: bool = False,
    ) -> None:
        """Keep and print a figure."""
        figure = Figure(round(value, 3), unit, budget, at_least)
        self.found[name] = figure
        wanted = "" if budget is None else f"  budget {'≥' if at_least else '≤'} {budget:g}"
        verdict = "" if budget is None else ("  ok" if figure.ok else "  OVER BUDGET")
        print(f"  {name:<44}{figure.value:>12,.3f} {unit:<9}{wanted}{verdict}", flush=True)

    @property
    def are_ok(self) -> bool:
        return all(figure.ok for figure in self.found.values())

    def as_json(self) -> dict[str, dict[str, object]]:
        return {
            name: {"value": f.value, "unit": f.unit, "budget": f.budget, "ok": f.ok}
            for name, f in self.found.items()
        }
