"""What holds of every declaration, and what follows from one."""

import pytest

from storetwin.kernel.errors import UnknownNameError
from storetwin.resources import RESOURCES, Catalogue, Lists, Resource, named
from storetwin.woocommerce.routes import Routes

NONE = Routes({})


def test_names_are_unique_and_containers_come_first():
    names = [resource.name for resource in RESOURCES]
    assert len(names) == len(set(names)) == 28
    for place, resource in enumerate(RESOURCES):
        for container in (resource.parent, resource.fallback_parent):
            assert container is None or container in names[:place], resource.name


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r.name)
def test_a_declaration_does_not_contradict_itself(resource):
    assert ("{parent}" in resource.path) == (resource.parent is not None)
    assert not resource.path.startswith("/")
    assert ("{parent}" in (resource.fallback or "")) == (resource.fallback_parent is not None)
    assert resource.has_numeric_key or not resource.is_paged, "a walk goes by numbers"
    assert resource.is_paged or not resource.can_include
    assert resource.is_paged or resource.light is None
    assert "_links" in resource.volatile
    if resource.counted is not None:
        for name in resource.counted.together_with:
            assert named(name)


def test_remote_ids_are_unique_within_a_resource_and_lead_to_an_address():
    settings = named("settings")
    assert settings.container_of("general/woocommerce_currency") == "general"
    address = settings.address("general/woocommerce_currency", None)
    assert address == "settings/general/woocommerce_currency"
    assert named("zone_methods").address("4", "2") == "shipping/zones/2/methods/4"
    assert named("zone_methods").address("4", None) is None
    assert named("zone_methods").container_of("4") is None
    assert named("zone_locations").address("2/country:US", None) is None
    assert named("system_status").address("system_status", None) == "system_status"


def test_a_list_is_asked_for_single_records_only_where_it_takes_that():
    def routes(*names):
        return Routes({"a": {name: {} for name in names}})

    resource = Resource("a", "a", None)
    assert resource.fitted(routes("per_page", "include", "exclude")).can_include
    assert not resource.fitted(routes("per_page", "include")).can_include
    assert not resource.fitted(routes("per_page")).can_include
    assert resource.fitted(routes()).can_include, (
        "what a route does not tell is not held against it"
    )
    assert resource.fitted(NONE) is resource


def test_each_language_has_its_lists():
    resource = Resource(
        "a", "a", None, lists=Lists(fixed=({"s": "1"}, {"s": "2"})), languages=("de", "fr")
    )
    assert resource.lists_of("a", NONE) == (
        {"s": "1", "lang": "de"},
        {"s": "2", "lang": "de"},
        {"s": "1", "lang": "fr"},
        {"s": "2", "lang": "fr"},
    )


def test_names_bring_their_containers_and_all_means_all_but_extras():
    catalogue = Catalogue()
    assert [r.name for r in catalogue.ordered(["settings", "terms"])] == [
        "setting_groups",
        "settings",
        "attributes",
        "terms",
    ]
    assert {r.name for r in RESOURCES} - {r.name for r in catalogue.ordered([])} == {"order_notes"}


def test_containers_of_containers_come_along():
    inner = Resource("inner", "x/{parent}", None, parent="terms")
    catalogue = Catalogue((*RESOURCES, inner), frozenset())
    assert [r.name for r in catalogue.ordered(["inner"])] == ["attributes", "terms", "inner"]


def test_a_wrong_name_is_told_with_the_right_ones():
    with pytest.raises(UnknownNameError, match="no resource 'order'") as caught:
        named("order")
    assert "order_notes, order_statuses, orders" in (caught.value.remedy or "")
    assert named("order-notes").name == "order_notes"


def test_what_is_left_out_is_told_with_how_it_is_chosen():
    with pytest.raises(UnknownNameError) as caught:
        Catalogue().ordered(["order_notes"])
    assert "--extra order_notes" in (caught.value.remedy or "")
