"""What pages are made of stands by itself: a macro that may have something inside may have nothing."""

from storetwin.web.assets import load_assets
from storetwin.web.rendering import load_templates


def test_what_stands_where_nothing_is_needs_no_buttons() -> None:
    environment = load_templates(load_assets())._environment
    alone = environment.from_string('{{ blank("No order", "None was paid.") }}').render()
    assert "None was paid." in alone
    assert "acts" not in alone
    source = '{% call blank("No order", "None.") %}<a href="/data">Data</a>{% endcall %}'
    assert '<div class="acts"><a href="/data">' in environment.from_string(source).render()
