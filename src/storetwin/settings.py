"""Every setting, and the only reader of the environment.

A setting comes from, first found first: a command-line option, the environment
(``STORETWIN_…``), the file named by ``STORETWIN_SETTINGS`` or ``storetwin.toml`` in the
working directory, the default.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from storetwin.kernel.errors import ConfigurationError

SETTINGS_FILE = "storetwin.toml"


def default_data_dir() -> Path:
    """Return where data lives unless set: ``/var/lib/storetwin`` for root, else below XDG_DATA_HOME."""
    if os.geteuid() == 0:
        return Path("/var/lib/storetwin")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "storetwin"


class _FileSource(PydanticBaseSettingsSource):
    """Settings from the TOML file, if there is one."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        named = os.environ.get("STORETWIN_SETTINGS")
        path = Path(named or SETTINGS_FILE)
        if not path.is_file():
            if named:
                raise ConfigurationError(
                    f"The settings file {path} does not exist.",
                    remedy="Correct STORETWIN_SETTINGS or unset it.",
                )
            return {}
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"The settings file {path} is not TOML: {error}.", remedy="Correct the file."
            ) from error
        unknown = sorted(set(found) - set(Settings.model_fields))
        if unknown:
            raise ConfigurationError(
                f"The settings file {path} has unknown settings: {', '.join(unknown)}.",
                remedy="See docs/reference/settings.md for the names.",
            )
        return found


class Settings(BaseSettings):
    """What can be set. Each field is documented in docs/reference/settings.md."""

    model_config = SettingsConfigDict(env_prefix="STORETWIN_", extra="ignore")

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of the embedded database, the encryption key and locks.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="DSN of a PostgreSQL 15+ to use instead of the embedded one.",
    )
    postgres_bin: Path | None = Field(
        default=None,
        description="Folder with initdb and postgres (15+) to run the embedded database from, "
        "instead of the binaries that came with the installation.",
    )
    encryption_key: SecretStr | None = Field(
        default=None,
        description="32 bytes in base64 that seal credentials. Default: made once and kept in "
        "the file encryption.key in the data folder.",
    )
    former_encryption_keys: SecretStr | None = Field(
        default=None,
        description="Keys that may still be needed to open what they sealed, separated by commas: "
        "set them while `storetwin vault rotate` is to be run.",
    )
    database_pool_size: int = Field(
        default=8, ge=2, le=100, description="Connections to PostgreSQL a process may hold."
    )
    request_timeout: float = Field(
        default=60.0, gt=0, description="Seconds one request to a store may take."
    )
    max_concurrency: int = Field(
        default=4, ge=1, le=32, description="Pages of one store read at the same time, at most."
    )
    max_answer_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=1024,
        description="Bytes of one answer read at most; a longer page is asked for in smaller ones.",
    )
    longest_pause: float = Field(
        default=300.0,
        ge=0,
        description="Seconds that a store may ask us to wait (Retry-After). Beyond it a run stops, "
        "says when to come back, and keeps its place.",
    )
    worker_concurrency: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Connections that one worker reads or drains at the same time.",
    )
    host: str = Field(default="127.0.0.1", description="Address that `storetwin serve` listens on.")
    port: int = Field(
        default=8480, ge=0, le=65535, description="Port that `storetwin serve` listens on."
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="Where stores reach this hub from outside, for webhooks. Without it the hub "
        "only asks, and says so.",
    )
    proxy_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]+$",
        description="Header in which a proxy before `storetwin serve` names the address of its "
        "peer, like X-Forwarded-For. Set it only where no request comes past that proxy.",
    )
    allowed_networks: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        default=(),
        description="Networks beside the internet in which stores may be, separated by commas, "
        "like 10.1.2.0/24, 127.0.0.1/32. None by default: a store's address leads nowhere into the "
        "network that this hub is in.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins whose web pages may call the REST API, separated by commas, like "
        "https://office.example. None by default.",
    )
    requests_per_minute: int = Field(
        default=600,
        ge=1,
        description="Requests to the REST API that one key or session may make in a minute, of "
        "one process.",
    )
    session_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="Days after which a session ends that is not used; then one signs in again.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="What Prometheus sends as bearer token to read /metrics. Without it only this "
        "machine itself is answered, and nobody where STORETWIN_PUBLIC_URL is set without "
        "STORETWIN_PROXY_HEADER: a proxy would look like this machine.",
    )
    log_level: str = Field(
        default="warning",
        pattern="^(debug|info|warning|error)$",
        description="How much is logged on standard error: debug, info, warning or error.",
    )
    log_format: str = Field(
        default="console", pattern="^(console|json)$", description="console or json."
    )

    @field_validator("cors_origins", "allowed_networks", mode="before")
    @classmethod
    def _several(cls, given: object) -> object:
        """Take several values from one text."""
        if isinstance(given, str):
            return tuple(part.strip() for part in given.split(",") if part.strip())
        return given

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: options, environment, file, default."""
        return init_settings, env_settings, _FileSource(settings_cls)


def load_settings(**given: Any) -> Settings:
    """Read the settings; ``given`` (command-line options, None meaning not given) win.

    Raises:
        ConfigurationError: a value is not valid; names the setting, never its value.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigurationError(
            f"The setting {name} is not valid: {first['msg']}.",
            remedy=f"Correct STORETWIN_{name.upper()} or {name} in {SETTINGS_FILE}.",
        ) from None


def environment_secret(name: str) -> str | None:
    """Return a secret given by environment variable ``name`` (kept out of the shell's history)."""
    return os.environ.get(name) or None
