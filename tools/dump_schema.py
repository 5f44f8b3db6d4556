"""Write src/storetwin/db/schema.sql from a fresh database: run it after adding a migration."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from storetwin.db import migrate, schema
from storetwin.db.embedded import EmbeddedPostgres

TARGET = Path(__file__).parent.parent / "src" / "storetwin" / "db" / schema.SNAPSHOT


async def migrated_schema(data_dir: Path, bin_dir: Path | None) -> str:
    server = EmbeddedPostgres(data_dir, bin_dir)
    try:
        dsn = await server.start()
        await migrate.upgrade(dsn)
        return schema.render(await schema.describe_schema(dsn))
    finally:
        await server.stop()


def main() -> None:
    bin_dir = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        text = asyncio.run(migrated_schema(Path(folder) / "data", bin_dir))
    is_new = text != schema.expected_schema()
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET.name} {'written' if is_new else 'is as it was'}")


if __name__ == "__main__":
    main()
