"""Every page of the navigation is one letter away."""

from storetwin.web.navigation import GROUPS


def test_each_page_has_a_letter_of_its_own() -> None:
    keys = [item.key for group in GROUPS for item in group.items]
    assert None not in keys
    assert len(set(keys)) == len(keys)
    assert "g" not in keys
