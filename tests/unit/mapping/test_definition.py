"""Import mappings: whatever people write and stores send, the same comes out, and nothing is raised."""

from __future__ import annotations

import json
from decimal import Decimal
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storetwin.mapping.definition import check, compile_rules, mappable, nouns_of
from storetwin.mapping.documents import read
from storetwin.mapping.mapper import CUSTOM, compile_mapper
from storetwin.mapping.models import Site
from storetwin.mapping.nouns import NOUNS
from storetwin.mapping.steps import STEPS
from storetwin.mapping.transforms import Takes

PRODUCTS = NOUNS["products"]
MUG = {
    "id": 17,
    "name": "  Mug “Tide”, 350 ml ",
    "weight": "0.380",
    "regular_price": "22.9",
    "description": "<p>Hand-thrown &amp; <b>glazed</b>.</p><ul><li>350 ml</li></ul>",
    "attributes": [
        {"id": 1, "name": "Material", "slug": "pa_material", "options": ["Steinzeug", "Holz"]},
        {"id": 0, "name": "Width", "options": ["1.234,5 mm"]},
    ],
    "categories": [{"id": 3, "name": "Kitchen &amp; Bath"}, {"id": 4, "name": "Mugs"}],
    "images": [{"id": 9, "src": "https://shop.example/mug.jpg"}],
    "meta_data": [{"id": 1, "key": "_care", "value": "dishwasher"}],
    "store_api": {"shelf": "A-7", "row": 3},
}


def mapped(*rules, document=MUG, noun=PRODUCTS, tables=None):
    definition = {"rules": {noun.name: list(rules)}, "tables": tables or {}}
    assert check(definition) == []
    return compile_mapper(noun, compile_rules(definition, noun)).map(document)


def own(source, *steps, document=MUG, tables=None, **more):
    """Return what an own field comes to."""
    rule = {"field": "custom.x", "source": source, "steps": list(steps), **more}
    found = mapped(rule, document=document, tables=tables)
    return found.values["custom"].get("x"), found.problems


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("weight", "0.380"),
        ("store_api.shelf", "A-7"),
        ("images.0.src", "https://shop.example/mug.jpg"),
        ("images.1.src", None),
        ("categories.*.name", ["Kitchen &amp; Bath", "Mugs"]),
        ("meta:_care", "dishwasher"),
        ("meta:_none", None),
        ("attribute:Material", ["Steinzeug", "Holz"]),
        ("attribute:material", ["Steinzeug", "Holz"]),
        ("attribute:Colour", None),
        ("name.first", None),
    ],
)
def test_a_rule_reads_from_members_lists_custom_fields_and_attributes(source, value):
    assert own(source) == (value, ())


@pytest.mark.parametrize(
    ("value", "steps", "made"),
    [
        (" a  b ", [{"step": "trim"}], "a  b"),
        (" a \n b ", [{"step": "trim", "inside": True}], "a b"),
        ("aBc", [{"step": "case", "to": "upper"}], "ABC"),
        ("aBc", [{"step": "case", "to": "sentence"}], "ABc"),
        ("a, b,,c", [{"step": "split"}], ["a", "b", "c"]),
        ("a|b", [{"step": "split", "separator": "|", "keep": "last"}], "b"),
        ("x", [{"step": "constant", "value": 7}], 7),
        ("", [{"step": "default", "value": "d"}], "d"),
        (0, [{"step": "default", "value": "d"}], 0),
        ("Red", [{"step": "lookup", "table": {"Red": "rot"}}], "rot"),
        ("red", [{"step": "lookup", "table": {"Red": "rot"}, "ignore_case": True}], "rot"),
        ("blue", [{"step": "lookup", "table": {"Red": "rot"}, "otherwise": "empty"}], None),
        ("blue", [{"step": "lookup", "table": {"Red": "rot"}}], "blue"),
        ("a", [{"step": "join", "sources": ["b", "c"], "separator": "-"}], "a-B-1-2"),
        ("1,234.50", ["number"], Decimal("1234.5")),
        ("1.234,50 €", [{"step": "number", "decimal": "comma"}], Decimal("1234.5")),
        ("0,38", [{"step": "number", "decimal": "comma", "from": "kg", "to": "g"}], Decimal(380)),
        ("38 cm", [{"step": "number", "to": "m"}], Decimal("0.38")),
        ("500 g", [{"step": "number", "from": "kg", "to": "kg"}], Decimal("0.5")),
        ("1 lb", [{"step": "number", "to": "g", "digits": 1}], Decimal("453.6")),
        (2.5, [{"step": "number", "digits": 0}], Decimal(3)),
        ("Mug 350 ml", [{"step": "extract", "pattern": r"(\d+) ?ml"}, "number"], Decimal(350)),
        ("Mug", [{"step": "extract", "pattern": r"(\d+) ?ml"}, "number"], None),
        ("a1b22", [{"step": "replace", "pattern": r"(\d)", "with": r"<\1>"}], "a<1>b<2><2>"),
        ("a\\b", [{"step": "replace", "pattern": r"b", "with": "\\\\"}], "a\\\\"),
        ("HELLO", [{"step": "replace", "pattern": "l+", "with": "", "ignore_case": True}], "HEO"),
        ("abcdef", [{"step": "cut", "length": 4, "ending": "…"}], "abc…"),
        ("<p>a<br>b</p><p>c &lt; d</p>", ["html_to_text"], "a\nb\n\nc < d"),
        ("<a title='x > y' href=\"b>c\">t</a><script>no</script>", ["html_to_text"], "t"),
        ("1 < 2", ["html_to_text"], "1 < 2"),
    ],
)
def test_steps_do_what_they_say(value, steps, made):
    document = read(json.dumps({"a": value, "b": "B", "c": ["1", "2"]}))
    assert own("a", *steps, document=document) == (made, ())


@pytest.mark.parametrize(
    ("value", "step", "why"),
    [
        ("1,5", "number", "it is no number"),
        ("a lot", "number", "it is no number"),
        ("3 furlongs", "number", "no unit that is known"),
        ("3 kg", {"step": "number", "to": "cm"}, "kg cannot be told in cm"),
        ("3", {"step": "number", "to": "cm"}, "it has no unit"),
        ("9" * 100, "number", "it is no number"),
        ({"a": 1}, "trim", "it is no text"),
        ("x", {"step": "lookup", "table": {}, "otherwise": "fail"}, "the table does not have it"),
    ],
)
def test_what_a_step_cannot_work_with_is_a_problem_and_names_the_step(value, step, why):
    made, problems = own("a", step, document={"a": value})
    assert made is None
    [problem] = problems
    assert problem.message.startswith("Step 1 (")
    assert why in problem.message
    assert not problem.is_fatal


def test_what_a_rule_could_not_use_is_kept_beside_the_columns():
    found = mapped(
        {"field": "weight", "source": "shelf", "steps": ["number"]}, document={"shelf": "?"}
    )
    assert found.values["weight"] is None
    assert found.extra == {"shelf": "?"}
    used = mapped(
        {"field": "weight", "source": "shelf", "steps": ["number"]}, document={"shelf": "2"}
    )
    assert (used.values["weight"], used.extra) == (Decimal(2), {})


def test_a_column_that_is_mapped_anew_leaves_its_usual_member_to_the_extra():
    found = mapped({"field": "weight", "source": "store_api.row"})
    assert found.values["weight"] == 3
    assert found.extra == {"weight": "0.380", "store_api.shelf": "A-7"}


def test_what_is_empty_is_left_defaulted_or_refused():
    for document in ({}, {"care": ""}, {"care": None}, {"care": []}):
        assert own("care", document=document)[0] in (None, "", [])
        assert own("care", document=document, when_empty={"default": "wash"})[0] == "wash"
        made, [problem] = own("care", document=document, when_empty="refuse")
        assert made is None
        assert problem.is_fatal
    [failed] = own("shelf", "number", document={"shelf": "?"}, when_empty="refuse")[1]
    assert failed.is_fatal


def test_lists_fit_columns_of_texts_and_of_one_value():
    found = mapped(
        {"field": "purchase_note", "source": "attribute:Material"},
        {
            "field": "length",
            "source": "attribute:Width",
            "steps": [{"step": "number", "decimal": "comma", "to": "cm"}],
        },
    )
    assert found.values["purchase_note"] == "Steinzeug, Holz"
    assert found.values["length"] == Decimal("123.45")


def test_what_a_store_escapes_is_read_as_people_wrote_it():
    tags = NOUNS["tags"]
    rule = {"field": "name", "source": "name", "steps": [{"step": "case", "to": "upper"}]}
    found = mapped(rule, document={"name": "Tea &amp; Co"}, noun=tags)
    assert found.values["name"] == "TEA & CO"


def test_tables_of_the_mapping_are_looked_up_by_name():
    tables = {"materials": {"Steinzeug": "stoneware", "Holz": "wood"}}
    step = {"step": "lookup", "table": "materials"}
    assert own("attribute:Material", step, tables=tables) == (["stoneware", "wood"], ())


# -- what is wrong with a mapping -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "path", "says", "suggestion"),
    [
        ({"field": "nmae", "source": "name"}, "0.field", "no field “nmae”", "name"),
        ({"field": "SKU", "source": "name"}, "0.field", "no field", "sku"),
        ({"field": "Regular price", "source": "a"}, "0.field", "no field", "regular_price"),
        ({"field": "currency", "source": "a"}, "0.field", "cannot be mapped", None),
        ({"field": "custom.Ä", "source": "a"}, "0.field", "small letters", None),
        ({"field": "name", "source": "a..b"}, "0.source", "a name is empty", None),
        ({"field": "name", "source": "meta:"}, "0.source", "a name is missing", None),
        ({"field": "name"}, "0.source", "needs a source", None),
        ({"field": "name", "source": "a", "step": []}, "0.step", "no member", "steps"),
        ({"field": "name", "source": "a", "when_empty": "leav"}, "0.when_empty", "leave or", "leave"),
        ({"field": "name", "source": "a", "steps": ["trimm"]}, "0.steps.0.step", "no step", "trim"),
        ({"field": "name", "source": "a", "steps": ["cut"]}, "0.steps.0.length", "missing", None),
        (
            {"field": "name", "source": "a", "steps": [{"step": "case", "to": "uper"}]},
            "0.steps.0.to",
            "upper, lower or sentence",
            "upper",
        ),
        (
            {"field": "name", "source": "a", "steps": ["trim", {"step": "extract", "pattern": "(a"}]},
            "0.steps.1",
            "missing )",
            None,
        ),
        (
            {"field": "name", "source": "a", "steps": [{"step": "extract", "pattern": "(?=a)"}]},
            "0.steps.0",
            "look-around",
            None,
        ),
        (
            {"field": "name", "source": "a", "steps": [{"step": "extract", "pattern": "((a{999}){999})"}]},
            "0.steps.0",
            "repetition size",
            None,
        ),
        (
            {"field": "name", "source": "a", "steps": [
                {"step": "replace", "pattern": "a", "with": r"\1"}]},
            "0.steps.0",
            "no group 1",
            None,
        ),
        (
            {"field": "name", "source": "a", "steps": [{"step": "lookup", "table": "nowhere"}]},
            "0.steps.0.table",
            "no table",
            None,
        ),
        (
            {"field": "weight", "source": "a", "steps": [{"step": "number", "from": "kg", "to": "cm"}]},
            "0.steps.0",
            "do not measure the same",
            None,
        ),
        ({"field": "is_on_sale", "source": "a", "steps": ["number"]}, "0.steps", "yes or no", None),
        ({"field": "price", "source": "a", "steps": ["split"]}, "0.steps", "makes a list", None),
        (
            {"field": "price", "steps": [{"step": "constant", "value": "dear"}]},
            "0.steps",
            "price is an amount",
            None,
        ),
        (
            {"field": "price", "source": "a", "when_empty": {"default": "dear"}},
            "0.when_empty",
            "price is an amount",
            None,
        ),
    ],
)  # fmt: skip
def test_every_flaw_says_where_it_is_and_what_was_meant(rule, path, says, suggestion):
    fine = {"field": "slug", "source": "slug"}
    [flaw] = check({"rules": {"products": [rule, fine]}})
    assert flaw.path == f"rules.products.{path}"
    assert flaw.where.startswith("products, rule 1")
    assert says in flaw.message
    assert flaw.suggestion == suggestion


def test_a_flaw_of_a_step_names_rule_and_step():
    rules = [
        {"field": "slug", "source": "slug"},
        {"field": "name", "source": "a", "steps": ["trim", 5]},
    ]
    [flaw] = check({"rules": {"products": rules}})
    assert str(flaw) == "products, rule 2, step 2: a step is wanted here, not a number."


def test_all_flaws_are_told_at_once_and_fields_are_mapped_once():
    twice = {"field": "name", "source": "a"}
    flaws = check({"rules": {"prodcts": [], "products": [twice, twice, 7]}, "tabels": {}})
    assert [flaw.suggestion for flaw in flaws] == ["tables", "products", None, None]
    assert "already" in flaws[2].message


def test_a_document_of_flaws_is_not_listed_to_its_end():
    assert len(check({f"x{n}": 1 for n in range(5_000)})) == 100


# -- whatever stands there ------------------------------------------------------------------------

_TEXT = st.text(max_size=12) | st.sampled_from(
    ["name", "a.b", "meta:x", "attribute:y", "categories.*.id", "<b>x", "12,5 kg", "(a+)+$", "\\"]
)
_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def _steps(draw):
    step = draw(st.sampled_from(list(STEPS.values())))
    given = {"step": step.name}
    for one in step.parameters:
        if not one.is_needed and draw(st.booleans()):
            continue
        given[one.name] = draw(_parameter(one))
    return given


def _parameter(one):
    if one.takes is Takes.CHOICE:
        return st.sampled_from(one.choices)
    return {
        Takes.WHOLE: st.integers(one.least, one.most),
        Takes.FLAG: st.booleans(),
        Takes.VALUE: _TEXT | st.integers() | st.booleans(),
        Takes.TABLE: st.dictionaries(_TEXT, _TEXT, max_size=3),
        Takes.SOURCES: st.lists(_TEXT, max_size=3),
        Takes.TEXT: _TEXT | st.sampled_from([r"(\w)", "a|b", "[a-z]*", r"\1"]),
    }[one.takes]


_RULES = st.fixed_dictionaries(
    {
        "field": st.sampled_from([*mappable(PRODUCTS), "custom.a", "custom.b"]),
        "source": _TEXT,
        "steps": st.lists(_steps(), max_size=4),
    },
    optional={"when_empty": st.sampled_from(["leave", "refuse", {"default": "1"}])},
)
_MEMBERS = st.sampled_from(
    ["name", "a", "meta_data", "attributes", "categories", "weight", "price"]
)
_DOCUMENTS = st.dictionaries(_MEMBERS | _TEXT, _ODD, max_size=6)


@given(_ODD)
def test_checking_never_raises(odd):
    for document in (odd, {"rules": odd}, {"rules": {"products": odd}}, {"tables": odd}):
        check(document)
        compile_rules(document, PRODUCTS)
        nouns_of(document)


@settings(deadline=None)
@given(st.lists(_RULES, max_size=4), _DOCUMENTS)
def test_mapping_never_raises_and_comes_to_the_same_each_time(rules, document):
    definition = {"rules": {"products": rules}}
    is_fine = not check(definition)
    compiled = compile_rules(definition, PRODUCTS)
    assert not is_fine or len(compiled.rules) == len(rules)
    document = read(json.dumps(document))
    one = compile_mapper(PRODUCTS, compiled).map(document)
    again = compile_mapper(PRODUCTS, compile_rules(definition, PRODUCTS)).map(document)
    assert one == again
    usual = compile_mapper(PRODUCTS).map(document)
    touched = {rule["field"] for rule in rules} | {"custom"}
    assert {name: one.values[name] for name in one.values if name not in touched} == {
        name: usual.values[name] for name in usual.values if name not in touched
    }


@given(st.lists(_RULES, min_size=1, max_size=4))
def test_what_has_no_flaws_compiles_whole(rules):
    definition = {"rules": {"products": rules}}
    flaws = check(definition)
    compiled = compile_rules(definition, PRODUCTS).rules
    flawed = {flaw.path.split(".")[2] for flaw in flaws}
    assert set(compiled) == {r["field"] for n, r in enumerate(rules) if str(n) not in flawed}


# -- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+$", "a" * 100_000 + "!"),
        (r"(x+x+)+y", "x" * 100_000),
        (r"((a{0,30}){0,30})x", "a" * 100_000),
        (r"(?:a?){300}a{300}x", "a" * 100_000),
        (r"(.{1,90}){1,5}$\b", "ab" * 50_000),
        (r"(a|b)*a(a|b){15}z", "ab" * 50_000),
    ],
)
@pytest.mark.parametrize("step", ["extract", "replace"])
def test_no_pattern_takes_longer_than_its_limit(step, pattern, text):
    begun = perf_counter()
    own("a", {"step": step, "pattern": pattern}, document={"a": text})
    assert perf_counter() - begun < 3  # the limits are a tenth of a second; the machine may be busy


def test_replacing_again_and_again_is_ended_by_the_clock():
    step = {"step": "replace", "pattern": "a[ab]*c|a", "with": "x"}
    begun = perf_counter()
    _, problems = own("a", step, document={"a": "a" * 400_000})
    assert perf_counter() - begun < 3
    assert "Step 1 (replace)" in problems[0].message


@pytest.mark.parametrize(
    "piece",
    ["<", "<!--", '<a "', "<a ='", "<![CDATA[", "&", "&#", "<script>", "<p", "</", "<a href='>"],
)
def test_broken_html_takes_time_that_grows_with_its_length_only(piece):
    text = piece * (400_000 // len(piece))
    begun = perf_counter()
    own("a", "html_to_text", document={"a": text})
    assert perf_counter() - begun < 4


def test_what_grows_too_long_is_a_problem():
    step = {"step": "replace", "pattern": "a", "with": "b" * 2_000}
    made, [problem] = own("a", step, document={"a": "a" * 9_000})
    assert made is None
    assert "1,000,000 characters" in problem.message


def test_own_fields_stand_under_their_names_and_the_rest_is_as_without_a_mapping():
    found = mapped({"field": "custom.care", "source": "meta:_care"})
    usual = compile_mapper(PRODUCTS).map(MUG)
    assert found.values == {**usual.values, "custom": {"care": "dishwasher"}}
    assert CUSTOM == "custom."


@pytest.mark.parametrize("noun", ["products", "variations"])
def test_a_rule_that_changes_a_unit_says_so_beside_the_figure(noun):
    site = Site(weight_unit="kg", dimension_unit="cm")
    rules = [
        {
            "field": "weight",
            "source": "weight",
            "steps": [{"step": "number", "from": "kg", "to": "g"}],
        },
        {"field": "weight_unit", "steps": [{"step": "constant", "value": "g"}]},
        {"field": "dimension_unit", "source": "store_api.unit"},
    ]
    definition = {"rules": {noun: rules}}
    assert check(definition) == []
    compiled = compile_rules(definition, NOUNS[noun])
    document = MUG | {"store_api": {"unit": "mm"}}
    found = compile_mapper(NOUNS[noun], compiled, site).map(document)
    usual = compile_mapper(NOUNS[noun], None, site).map(document)
    names = ("weight", "weight_unit", "dimension_unit")
    assert [found.values[name] for name in names] == [Decimal(380), "g", "mm"]
    assert [usual.values[name] for name in names] == [Decimal("0.380"), "kg", "cm"]
