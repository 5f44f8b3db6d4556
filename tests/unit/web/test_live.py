"""A stream sends what looks different, and nothing twice."""

from hypothesis import given
from hypothesis import strategies as st

from storetwin.web.live import Patches

PARTS = st.dictionaries(st.sampled_from("abc"), st.text(max_size=5), max_size=3)


def test_only_what_changed_is_sent() -> None:
    patches = Patches()
    assert patches.fresh({"a": "<p>1</p>", "b": "<i>1</i>"}) == "<p>1</p>\n<i>1</i>"
    assert patches.fresh({"a": "<p>1</p>", "b": "<i>1</i>"}) == ""
    assert patches.fresh({"a": "<p>2</p>", "b": "<i>1</i>"}) == "<p>2</p>"


def test_who_comes_back_is_sent_what_he_does_not_have() -> None:
    first = Patches()
    first.fresh({"a": "1"})
    again = Patches(first.mark)
    assert again.fresh({"a": "1"}) == ""
    assert again.fresh({"a": "2"}) == "2"
    late = Patches(first.mark)
    assert late.fresh({"a": "2"}) == "2"
    assert Patches("something else").fresh({"a": "1"}) == "1"


@given(st.lists(PARTS, max_size=6))
def test_whoever_applies_what_is_sent_has_what_there_is(states: list[dict[str, str]]) -> None:
    patches, shown = Patches(), {}
    for state in states:
        numbered = {name: f"{name}={text!r}" for name, text in state.items()}
        sent = patches.fresh(numbered)
        for line in filter(None, sent.split("\n")):
            shown[line.partition("=")[0]] = line
        assert numbered.items() <= shown.items()
