"""Draws docs/pictures/demo.svg: runs the demo in a terminal of its own and keeps its last screen."""

from __future__ import annotations

import os
import pty
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

TARGET = Path("docs/pictures/demo.svg")
COLUMNS = 112
FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px;
  line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>{lines}</defs>
<rect fill="#16181d" x="1" y="1" width="{width}" height="{height}" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g></svg>
"""


def run_in_terminal(arguments: list[str]) -> str:
    """Run a command in a terminal of 110 columns; return what it wrote."""
    written = bytearray()
    pid, master = pty.fork()
    if pid == 0:
        folder = Path(tempfile.mkdtemp(prefix="storetwin-picture-", dir="/var/tmp"))
        folder.chmod(0o755)
        environment = {
            "COLUMNS": str(COLUMNS),
            "LINES": "60",
            "TERM": "xterm-256color",
            "STORETWIN_DATA_DIR": str(folder),
        }
        os.execve(arguments[0], arguments, environment)
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        written += chunk
    os.waitpid(pid, 0)
    return written.decode()


def last_screen(written: str) -> str:
    """Keep what stands on the screen at the end: every redraw goes up and erases lines."""
    lines: list[str] = [""]
    for piece in re.split(r"(\r\n|\n|\r|\x1b\[\d*A|\x1b\[2K|\x1b\[\?25[lh])", written):
        if piece in ("\n", "\r\n"):
            lines.append("")
        elif up := re.fullmatch(r"\x1b\[(\d*)A", piece):
            del lines[-int(up[1] or 1) :]
        elif piece == "\x1b[2K":
            lines[-1:] = [""]
        elif piece == "\r" or piece.startswith("\x1b[?"):
            continue
        else:
            lines[-1:] = [(lines[-1] if lines else "") + piece]
    return "\n".join(lines)


def main() -> None:
    program = str(Path(sys.executable).with_name("storetwin"))
    screen = last_screen(
        run_in_terminal([program, "demo", "--once", "--orders", "10000", "--port", "0"])
    )
    screen = screen.split("Look at it from another terminal")[0].rstrip()
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere)
        console.print(Text("$ make demo", "bold"))
        console.print(Text.from_ansi(screen))
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(console.export_svg(title="", code_format=FRAME))


if __name__ == "__main__":
    main()
