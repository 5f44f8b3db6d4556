"""A record that several languages show is kept as the first of them showed it."""

from storetwin.resources import named
from storetwin.woocommerce.languages import Languages
from storetwin.woocommerce.records import read_record


def records(*numbers):
    return tuple(read_record(named("products"), b'{"id":%d}' % number) for number in numbers)


def ids(found):
    return [record.number for record in found]


def test_a_language_shows_again_what_it_showed_first():
    languages = Languages()
    assert ids(languages.own("de", records(1, 2))) == [1, 2]
    assert ids(languages.own("fr", records(2, 3))) == [3]
    assert ids(languages.own("de", records(2, 3))) == [2], (
        "another list, trash, of the first language"
    )
    assert ids(languages.own("fr", records(1, 2, 3, 4))) == [3, 4]
