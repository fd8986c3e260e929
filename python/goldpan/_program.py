"""The program `goldpan`, which lies in the package, under the name that pip, pipx and uvx put on the path."""
from __future__ import annotations

import os
import pathlib
import sys


def path() -> pathlib.Path:
    """Where the program lies."""
    return pathlib.Path(__file__).parent / "bin" / "goldpan"


def main() -> None:
    """Becomes the program: its signals, streams and exit status are those of the shell's own child."""
    program = path()
    if not program.exists():
        sys.exit(
            "goldpan: this build of the package does not carry the program (GOLDPAN_BUILD_APPS=OFF); `import goldpan` "
            "works, and cmake --build builds the program"
        )
    os.execv(program, ["goldpan", *sys.argv[1:]])
