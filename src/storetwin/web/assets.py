"""Files of the pages: styles, scripts, fonts and icons, under addresses that change with them.

All of them are read once and kept in memory: together they are about a megabyte. An address holds
a digest of all files, so that a browser keeps them for good and has the new ones after an update.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from storetwin.kernel.errors import ConfigurationError, InvariantError

PREFIX: Final = "/static"
FOR_EVER: Final = "public, max-age=31536000, immutable"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
SHORTEST_GZIP: Final = 600  # below it costs more than it saves


@dataclass(frozen=True, slots=True)
class Asset:
    """One file.

    Args:
        zipped: the same as gzip, where that is smaller.
    """

    media_type: str
    content: bytes = field(repr=False)
    zipped: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Assets:
    """All files.

    Args:
        build: a digest of all of them.
    """

    files: dict[str, Asset] = field(repr=False)
    build: str

    def address(self, name: str) -> str:
        """Return where a file is had, like ``css/storetwin.css``.

        Raises:
            InvariantError: there is no such file.
        """
        if name not in self.files:
            raise InvariantError(f"The pages have no file {name!r}.")
        return f"{PREFIX}/{self.build}/{name}"

    def answer(self, request: Request) -> Response:
        """Answer with a file; what is asked for under an older address is not kept."""
        found = self.files.get(request.path_params["asset"])
        if found is None:
            return Response("There is no such file.", 404, media_type="text/plain")
        is_current = request.path_params["build"] == self.build
        headers = {
            "Cache-Control": FOR_EVER if is_current else "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        content = found.content
        if found.zipped is not None:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                content, headers["Content-Encoding"] = found.zipped, "gzip"
        return Response(content, headers=headers, media_type=found.media_type)


def load_assets() -> Assets:
    """Read all files.

    Raises:
        ConfigurationError: those that others made were not fetched.
    """
    root = resources.files("storetwin.web") / "static"
    raw = dict(_walk(root, ""))
    if "vendor/htmx.min.js" not in raw:
        raise ConfigurationError(
            "The web pages lack their scripts and fonts: this installation was not built.",
            remedy="Run `python hatch_build.py` in the folder of the source, or install the wheel.",
        )
    digest = sha256()
    for name in sorted(raw):
        digest.update(f"{name}\0{len(raw[name])}\0".encode() + raw[name])
    files = {name: _asset(name, raw) for name in raw if not name.endswith(".gz")}
    return Assets(files, digest.hexdigest()[:16])


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        else:
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return found


def _asset(name: str, raw: dict[str, bytes]) -> Asset:
    suffix = f".{name.rpartition('.')[2]}"
    content, zipped = raw[name], raw.get(f"{name}.gz")
    if zipped is None and suffix in {".css", ".js", ".svg"} and len(content) > SHORTEST_GZIP:
        zipped = gzip.compress(content, 9, mtime=0)
    return Asset(TYPES.get(suffix, "application/octet-stream"), content, zipped)
