"""What the namespace index tells about a store's routes."""

import pytest

from storetwin.woocommerce.routes import Routes

INDEX = {
    "namespace": "wc/v3",
    "routes": {
        "/wc/v3": {"endpoints": [{"methods": ["GET"], "args": {"namespace": {}}}]},
        "/wc/v3/orders": {
            "endpoints": [
                {
                    "methods": ["GET"],
                    "args": {
                        "status": {"type": "array", "items": {"enum": ["any", "trash"]}},
                        "orderby": {"enum": ["date", "id"]},
                        "page": {"type": "integer"},
                    },
                },
                {"methods": ["POST"], "args": {"set_paid": {}}},
            ]
        },
        "/wc/v3/orders/(?P<order_id>[\\d]+)/refunds": {
            "endpoints": [{"methods": ["GET"], "args": {"dp": {"enum": [0, 2]}}}]
        },
        "/wc/v3/settings/(?P<group_id>[\\w-]+)/(?P<id>(?:a|b)+)": {
            "endpoints": [{"methods": ["GET"], "args": {"x": {}}}]
        },
        "/wc/v3/taxes/classes": {"endpoints": [{"methods": ["GET"], "args": []}]},
        "/wc/v3/orders/batch": {"endpoints": [{"methods": ["POST"], "args": {}}]},
    },
}
ROUTES = Routes.from_index(INDEX)


@pytest.mark.parametrize("path", ["orders", "orders/7/refunds", "orders/{order_id}/refunds"])
def test_a_route_is_found_with_an_id_and_with_a_placeholder(path):
    assert ROUTES.exists(path)


@pytest.mark.parametrize("path", ["bookings", "orders/batch", "orders/7"])
def test_what_cannot_be_read_does_not_exist(path):
    assert not ROUTES.exists(path)


def test_only_what_a_get_declares_is_accepted():
    assert ROUTES.accepts("orders", "page")
    assert not ROUTES.accepts("orders", "set_paid")
    assert not ROUTES.accepts("bookings", "page")


def test_values_are_read_from_the_argument_and_from_its_items():
    assert ROUTES.enum("orders", "orderby") == ("date", "id")
    assert ROUTES.enum("orders", "status") == ("any", "trash")
    assert ROUTES.enum("orders/7/refunds", "dp") == ("0", "2")
    assert ROUTES.enum("orders", "page") == ()
    assert ROUTES.enum("bookings", "page") == ()


def test_phps_empty_list_in_place_of_an_object_means_no_arguments():
    assert ROUTES.exists("taxes/classes")
    assert not ROUTES.accepts("taxes/classes", "page")


@pytest.mark.parametrize("index", [{}, {"routes": []}, {"routes": {}}])
def test_an_index_without_routes_has_none(index):
    assert not Routes.from_index(index).exists("orders")


def test_routes_are_kept_without_what_nobody_looks_at():
    kept = Routes.from_json(ROUTES.as_json())
    assert "description" not in ROUTES.as_json()
    for path, arguments in ROUTES.arguments.items():
        assert kept.exists(path)
        for name in (*arguments, "no_such_argument"):
            assert kept.accepts(path, name) == ROUTES.accepts(path, name)
            assert kept.enum(path, name) == ROUTES.enum(path, name)
