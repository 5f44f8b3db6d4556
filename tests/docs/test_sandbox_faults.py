"""The page of the sandbox's faults says what the catalogue says."""

import re
from pathlib import Path

import pytest

from storetwin.sandboxes.woocommerce.fault_kinds import KINDS, SELDOM, TARGET, TURN, FaultKind

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sandbox-faults.md"
TEXT = PAGE.read_text(encoding="utf-8")
SHARED = {"turn": TURN, "seldom": SELDOM, "target": TARGET}


def row_of(kind: FaultKind) -> str:
    """Return the fault's line; parameters that many faults have are named by their group."""
    parts, left = [], dict(kind.parameters)
    for name, group in SHARED.items():
        if group.items() <= left.items():
            parts.append(f"[{name}](#{name})")
            left = {key: meaning for key, meaning in left.items() if key not in group}
    parts += [f"`{key}`: {meaning}" for key, meaning in left.items()]
    return f"| `{kind.name}` | {kind.meaning} | {'<br>'.join(parts) or '–'} |"


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_fault_has_its_row(kind: FaultKind) -> None:
    assert row_of(kind) in TEXT.splitlines()


def test_the_page_has_the_faults_in_order_and_no_other() -> None:
    faults = TEXT.partition("## Faults")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", faults, re.MULTILINE) == list(KINDS)


@pytest.mark.parametrize("name", SHARED)
def test_shared_parameters_are_explained(name: str) -> None:
    section = TEXT.partition(f"## {name.capitalize()}\n")[2].partition("\n## ")[0]
    for key, meaning in SHARED[name].items():
        assert f"| `{key}` | {meaning} |" in section.splitlines()
