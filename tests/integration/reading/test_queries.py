"""Questions to documents of every kind, answered by PostgreSQL and by a model in Python alike."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from database_clones import clone
from hubs import Twin, open_twin
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.kernel.errors import ConfigurationError, StoretwinError
from storetwin.kernel.json_values import Number
from storetwin.reading import query_run
from storetwin.reading.query_models import Asked, GivenFilter
from storetwin.reading.query_run import Answer, TooBroadError
from storetwin.sandboxes.woocommerce import running_store

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCUMENTS: list[dict[str, Any]] = [
    {
        "id": 1,
        "total": "10.00",
        "status": "completed",
        "who": {"country": "DE"},
        "ok": True,
        "at": "2026-01-05T10:00:00",
        "lines": [{"sku": "A", "n": 2, "tags": ["x", "y"]}, {"sku": "B", "n": 1}],
    },
    {
        "id": 2,
        "total": "9.50",
        "status": "completed",
        "who": {"country": "FR"},
        "ok": False,
        "at": "2026-01-11T23:59:59",
        "lines": [{"sku": "A", "n": 5, "tags": []}],
    },
    {
        "id": 3,
        "total": 10,
        "status": "failed",
        "who": {"country": "de"},
        "ok": "true",
        "at": "2026-01-12T00:00:00Z",
        "lines": [],
    },
    {"id": 4, "total": "", "status": "failed", "who": None, "ok": None, "at": None, "lines": None},
    {
        "id": 5,
        "total": "1e400",
        "status": "pending",
        "who": [],
        "at": "2026-02-31T00:00:00",
        "lines": {"sku": "C"},
    },
    {
        "id": 6,
        "total": "-0.01",
        "status": "pending",
        "who": {"country": {"x": 1}},
        "at": "0000-00-00T00:00:00",
    },
    {
        "id": 7,
        "total": "ten",
        "status": "completed",
        "who": {"country": "ÄÖ%_\\"},
        "at": "2026-13-01T00:00:00",
    },
    {
        "id": 8,
        "total": 123456789012345678901234567890.5,
        "status": "completed",
        "at": 5,
        "lines": [1, "A", None],
    },
    {
        "id": 9,
        "total": "0.10",
        "status": "gone",
        "lines": [{"sku": "", "n": "3"}, {"sku": "B", "n": "0.5"}],
    },
]
INSERT = """
INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, remote_id, remote_number, state, version,
    content_hash, created_at, read_at, changed_at, status, email_lower, payload, clean)
VALUES (%(organisation_id)s, %(connection_id)s, 'coupons', %(id)s::bigint::text, %(id)s, %(state)s, 1, 'x',
    %(created)s, now(), now(), %(status)s, 'a@b.c', %(payload)s::json, %(clean)s::json)
"""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    with clone(postgres, template) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twin(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Twin]:
    with running_store(orders=1) as store:
        async with open_twin(dsn, tmp_path_factory.mktemp("twin"), store) as opened:
            organisation_id = opened.hub.organisation_id
            async with opened.hub.database.transaction(organisation_id) as tx:
                for document in DOCUMENTS:
                    row = {
                        "organisation_id": organisation_id,
                        "connection_id": opened.connection.id,
                        "id": document["id"],
                        "state": "gone" if document["status"] == "gone" else "listed",
                        "created": BEGIN + timedelta(days=document["id"]),
                        "status": document["status"],
                        "payload": json.dumps(document),
                        "clean": None,
                    }
                    if document["id"] == 7:  # what no accessor reads: a NUL, and half a character
                        bad = json.dumps(document | {"nul": "NUL"}).replace("NUL", "\\u0000\\ud800")
                        row |= {"payload": bad, "clean": row["payload"]}
                    await tx.execute(INSERT, row)
            yield opened


async def ask(twin: Twin, **more: Any) -> Answer:
    more["filters"] = tuple(GivenFilter(*one) for one in more.get("filters", ()))
    return await twin.hub.queries.ask(Asked("coupons", **more))


async def ids(twin: Twin, *filters: tuple[str, str, Any], **more: Any) -> list[int]:
    answer = await ask(twin, fields=("id",), filters=filters, **more)
    return [int(row[0].text) for row in answer.rows]


# -- each operator, by hand ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("total", "=", 10, [1, 3]),
        ("total", "=", "10", [3]),
        ("total", "=", "10.00", [1]),
        ("total", ">", Decimal("9.5"), [1, 3, 5, 8]),
        ("total", ">", "9.5", [1, 3, 5, 8]),
        ("total", "<=", 0, [6]),
        ("total", "between", [9, 10], [1, 2, 3]),
        ("total", "in", [10, Decimal("9.50")], [1, 2, 3]),
        ("total", "in", ["", "ten"], [4, 7]),
        ("total", "!=", 10, [2, 4, 5, 6, 7, 8]),
        ("who.country", "=", "DE", [1]),
        ("who.country", "prefix", "d", [1, 3]),
        ("who.country", "contains", "öÄ"[::-1], [7]),
        ("who.country", "contains", "%", [7]),
        ("who.country", "is_null", True, [4, 5, 8]),
        ("who.country", "is_null", False, [1, 2, 3, 6, 7]),
        ("ok", "=", True, [1]),
        ("ok", "!=", True, [2, 3, 4, 5, 6, 7, 8]),
        ("at", ">=", "2026-01-12", [3, 5]),
        ("at", "between", ["2026-01-05", "2026-01-12T00:00:00Z"], [1, 2, 3]),
        ("at", "<", "2026-01-06T00:00:00+02:00", [1]),
        ("lines[].sku", "=", "A", [1, 2]),
        ("lines[].n", ">", 4, [2]),
        ("lines[].tags[]", "=", "y", [1]),
        ("lines[]", "=", "A", [8]),
        ("status", "=", "failed", [3, 4]),
        ("status", "in", ["failed", "pending"], [3, 4, 5, 6]),
        ("status", "prefix", "F", [3, 4]),
        ("created_at", "<", "2026-01-04", [1, 2]),
        ("created_at", "between", ["2026-01-02", "2026-01-03"], [1, 2]),
        ("remote_id", "in", ["1", 8], [1, 8]),
        ("email", "=", "A@B.C", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("connection", "=", "shop", [1, 2, 3, 4, 5, 6, 7, 8]),
        ("state", "=", "gone", []),
        ("twin_version", ">", 1, []),
        ("document.status", "=", "failed", [3, 4]),
        ("parent", "is_null", True, [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
async def test_an_operator(
    twin: Twin, field: str, operator: str, value: Any, expected: list[int]
) -> None:
    assert await ids(twin, (field, operator, value)) == expected


async def test_filters_through_one_list_speak_of_one_element(twin: Twin) -> None:
    assert await ids(twin, ("lines[].sku", "=", "B"), ("lines[].n", ">", 1)) == []
    assert await ids(twin, ("lines[].sku", "=", "A"), ("lines[].n", ">", 1)) == [1, 2]


async def test_tombstones_only_when_asked_for(twin: Twin) -> None:
    assert 9 not in await ids(twin)
    assert 9 in await ids(twin, has_gone=True)


async def test_rows_are_the_elements_of_a_list(twin: Twin) -> None:
    answer = await ask(twin, fields=("id", "lines[].sku", "lines[].n"), sort=("-lines[].n",))
    assert answer.each == "lines[]"
    shown = [[v.text if isinstance(v, Number) else v for v in row] for row in answer.rows]
    assert shown == [["2", "A", "5"], ["1", "A", "2"], ["1", "B", "1"], *[["8", None, None]] * 3]
    deep = await ask(twin, group=("lines[].tags[]",))
    assert deep.rows == [["x", 1], ["y", 1]]


async def test_sums_are_exact(twin: Twin) -> None:
    answer = await ask(twin, fields=("sum(total)", "count(total)", "count()"), group=("status",))
    found = {row[0]: row[1:] for row in answer.rows}
    assert found["completed"] == ["123456789012345680000000000019.50", 4, 4]
    assert found["failed"] == ["10", 2, 2]
    assert found["pending"] == ["9" * 400 + ".99", 2, 2]


async def test_times_are_grouped_by_their_calendar(twin: Twin) -> None:
    answer = await ask(twin, group=("week(at)",), sort=("week(at)",))
    assert answer.rows == [["2026-01-05", 2], ["2026-01-12", 1], ["2026-03-02", 1], [None, 4]]
    months = await ask(twin, group=("month(created_at)", "day(created_at)"), limit=1)
    assert months.rows == [["2026-01", "2026-01-02", 1]]


async def test_pages_of_an_answer_are_the_whole(twin: Twin) -> None:
    whole = await ids(twin, sort=("-total",))
    pieces: list[int] = []
    offset: int | None = 0
    while offset is not None:
        answer = await ask(twin, fields=("id",), sort=("-total",), limit=3, offset=offset)
        pieces += [int(row[0].text) for row in answer.rows]
        offset = answer.next_offset
    assert pieces == whole


async def test_what_is_too_long_says_what_would_narrow_it(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = "INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, remote_id, "
    many += "remote_number, state, version, content_hash, read_at, changed_at, payload) SELECT "
    many += "organisation_id, connection_id, 'tags', n::text, n, 'listed', 1, 'x', now(), now(), "
    many += "payload FROM mirror.snapshots, generate_series(1, 20000) n WHERE remote_id = '1' "
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await tx.execute(many + "AND resource = 'coupons'")
    organisation_id = twin.hub.organisation_id
    from storetwin.reading.query import read_question

    asked = Asked("tags", group=("lines[].sku",), fields=("sum(lines[].n)",))
    question = read_question(asked, "tags", ("id",))
    async with twin.hub.database.transaction(organisation_id) as tx:
        with pytest.raises(TooBroadError) as caught:
            await query_run.ask(tx, question, organisation_id, None, seconds=0.02)
    assert "created_at" in str(caught.value.remedy)


async def test_an_answer_is_cut_by_its_bytes(twin: Twin) -> None:
    asked = Asked("coupons", fields=("id", "lines"))
    answer = await twin.hub.queries.ask(asked, most_bytes=150)
    assert answer.next_offset == len(answer.rows) < 8
    with pytest.raises(TooBroadError):
        await twin.hub.queries.ask(asked, most_bytes=3)


async def test_doubts_and_unknown_fields(twin: Twin) -> None:
    answer = await ask(twin, fields=("who.contry",))
    assert "Did you mean who.country" in answer.doubts[0]
    with pytest.raises(ConfigurationError, match="no field 'whom'"):
        await ask(twin, fields=("whom",))
    empty = await twin.hub.queries.ask(Asked("reviews", fields=("whatever",)))
    assert (empty.rows, empty.doubts) == ([], ("The twin has no reviews here.",))


async def test_describing_shows_no_value(twin: Twin) -> None:
    described = await twin.hub.queries.describe("coupons")
    seen = described.sample.fields
    assert "completed" in seen["status"].words
    assert seen["who.country"].words == set()
    assert {"decimal text", "number", "text", "empty text"} <= seen["total"].kinds


# -- any question, against a model --------------------------------------------------------------

NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
LIVE = [d for d in DOCUMENTS if d["status"] != "gone"]
PATHS = ("id", "total", "who.country", "ok", "at", "who")
VALUES = st.one_of(
    st.sampled_from(
        ["10", "10.00", "DE", "de", "", "true", "2026-01-11", "2026-01-12T00:00:00", "ten", "A"]
    ),
    st.integers(-5, 12),
    st.decimals(-20, 20, places=2),
    st.booleans(),
)


def at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    return document


def text_of(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return (
        None
        if value is None or isinstance(value, dict | list)
        else str(value)
        if isinstance(value, str)
        else json.dumps(value)
    )


def number_of(value: Any) -> Decimal | None:
    text = None if isinstance(value, bool) else text_of(value)
    return Decimal(text) if text is not None and NUMBER.fullmatch(text) else None


def holds(value: Any, operator: str, wanted: Any) -> bool:
    """Say what a filter of one value should say."""
    if operator == "!=":
        return not holds(value, "=", wanted)
    left: Any
    if isinstance(wanted, bool):
        return value is wanted
    if isinstance(wanted, int | Decimal) or (operator != "=" and NUMBER.fullmatch(wanted)):
        left, right = number_of(value), Decimal(wanted)
    else:
        left, right = text_of(value), wanted
    if left is None:
        return False
    return {
        "=": left == right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


async def answers(twin: Twin, asked: Sequence[Asked]) -> list[Answer | StoretwinError]:
    found: list[Answer | StoretwinError] = []
    for one in asked:
        try:
            found.append(await twin.hub.queries.ask(one))
        except StoretwinError as error:
            found.append(error)
    return found


SLOW = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SLOW
@given(
    st.lists(
        st.tuples(
            st.sampled_from(PATHS), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), VALUES
        ),
        min_size=1,
        max_size=12,
    )
)
async def test_any_filter_says_what_the_model_says(
    twin: Twin, filters: list[tuple[str, str, Any]]
) -> None:
    usable = [
        f
        for f in filters
        if not (isinstance(f[2], bool) and f[1] not in ("=", "!="))
        and not (isinstance(f[2], str) and f[2].startswith("2026") and f[1] not in ("=", "!="))
    ]
    asked = [Asked("coupons", fields=("id",), filters=(GivenFilter(*one),)) for one in usable]
    for one, answer in zip(usable, await answers(twin, asked), strict=True):
        assert isinstance(answer, Answer), answer
        found = [int(row[0].text) for row in answer.rows]
        assert found == [d["id"] for d in LIVE if holds(at(d, one[0]), one[1], one[2])], one


_ANYTHING = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "total",
            "count()",
            "sum(total)",
            "lines[].n",
            "lines[].tags[]",
            "who",
            "day(at)",
            "status",
            "created_at",
            "max(created_at)",
            "-total",
            "a.b.c",
            "x[]",
            "[].x",
            "avg(lines[].n)",
            "count(*)",
            "week(created_at)",
            "min(who.country)",
            "document.status",
            "%s",
            "';--",
            "o0",
            "{path}",
        ]
    ),
)
_NAMES: Any = st.lists(_ANYTHING, max_size=4).map(tuple)
_FILTERS = st.lists(
    st.builds(
        GivenFilter,
        _ANYTHING,
        st.sampled_from(
            ["=", "!=", "<", ">=", "in", "between", "contains", "prefix", "is_null", "~"]
        ),
        st.one_of(
            VALUES, st.none(), st.text(max_size=5), st.floats(), st.lists(VALUES, max_size=3)
        ),
    ),
    max_size=3,
).map(tuple)


@SLOW
@given(
    st.lists(
        st.builds(
            Asked,
            st.just("coupons"),
            fields=_NAMES,
            filters=_FILTERS,
            group=_NAMES,
            sort=_NAMES,
            limit=st.integers(-1, 5),
            offset=st.integers(-1, 5),
            has_gone=st.booleans(),
        ),
        min_size=8,
        max_size=30,
    )
)
async def test_any_question_is_answered_or_named_wrong(twin: Twin, asked: Sequence[Asked]) -> None:
    for question, answer in zip(asked, await answers(twin, asked), strict=True):
        assert isinstance(answer, Answer | ConfigurationError), (question, answer)
        if isinstance(answer, Answer):
            assert len(answer.rows) <= question.limit
            assert all(len(row) == len(answer.columns) for row in answer.rows)
