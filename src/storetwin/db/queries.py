"""Named SQL: each room keeps its statements in a ``queries.sql`` beside its code.

A room with many has further files, ``…_queries.sql``; together they are one set of names. A file
is a list of blocks::

    -- name: insert_run
    -- Begin a run; answers nothing when the connection has a running one.
    INSERT INTO runs.runs … ;
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

from storetwin.kernel.errors import InvariantError

_NAME = re.compile(r"^-- name: *(?P<name>.*?) *$", re.MULTILINE)
_SNAKE = re.compile(r"[a-z][a-z0-9_]*")


class Queries:
    """The statements of one room: ``Q.insert_run`` is the SQL of that name.

    Raises:
        InvariantError: on reading a name that the file does not have.
    """

    __slots__ = ("_descriptions", "_package", "_statements")

    def __init__(
        self, package: str, statements: dict[str, str], descriptions: dict[str, str]
    ) -> None:
        self._package = package
        self._statements = statements
        self._descriptions = descriptions

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._statements[name]
        except KeyError:
            raise InvariantError(f"{self._package} has no query {name!r}.") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def describe(self, name: str) -> str:
        """Return the one-line description of a query."""
        return self._descriptions[name]


def load_queries(package: str) -> Queries:
    """Read ``queries.sql`` and every ``…_queries.sql`` of a package, like ``storetwin.runs``.

    Raises:
        InvariantError: no such file, or a block without name, description or SQL, or a name twice.
    """
    try:
        folder = resources.files(package)
        text = (folder / "queries.sql").read_text(encoding="utf-8")
        more = [file for file in folder.iterdir() if file.name.endswith("_queries.sql")]
    except (FileNotFoundError, ModuleNotFoundError) as error:
        raise InvariantError(f"{package} has no queries.sql.") from error
    texts = [file.read_text(encoding="utf-8") for file in sorted(more, key=lambda f: f.name)]
    return parse_queries("\n".join([text, *texts]), package)


def parse_queries(text: str, package: str) -> Queries:
    """Parse the text of a ``queries.sql``; ``package`` is for messages. See `load_queries`."""
    heads = list(_NAME.finditer(text))
    if _statement(text[: heads[0].start()] if heads else text):
        raise InvariantError(f"{package}/queries.sql has SQL before the first '-- name:'.")
    statements: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        name = head["name"]
        block = text[head.end() : following.start() if following else len(text)].strip("\n")
        first, _, rest = block.partition("\n")
        description = first.removeprefix("--").strip() if first.startswith("--") else ""
        sql = _statement(rest)
        problem = (
            "is not in snake_case" if not _SNAKE.fullmatch(name)
            else "stands there twice" if name in statements
            else "has no description" if not description
            else "has no SQL" if not sql
            else None
        )  # fmt: skip
        if problem:
            raise InvariantError(f"The query {name!r} in {package}/queries.sql {problem}.")
        statements[name], descriptions[name] = sql, description
    return Queries(package, statements, descriptions)


def _statement(block: str) -> str:
    """Return the SQL of a block without whole-line comments; empty when there is none.

    Comments are cut because a ``%`` in them would be read as a placeholder.
    """
    lines = [line for line in block.splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().rstrip(";").rstrip()
