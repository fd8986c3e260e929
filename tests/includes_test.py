#!/usr/bin/env python3
"""Includes point downward only, and siblings never include each other (DESIGN.md, "Layers").

Run by ctest with the repository's root as its argument; prints one closing line.
"""
import pathlib
import re
import sys

# What each layer may include beside itself. `apps` and `python` see the public headers alone.
BELOW = {
    "core": set(),
    "kernels": {"core"},
    "imaging": {"core"},
    "vision": {"core"},
    "networks": {"core"},
    "data": {"core", "kernels", "imaging"},
    "exchange": {"core", "kernels", "imaging"},
    "embed": {"core", "kernels", "imaging", "vision", "networks"},
    "models": {"core", "kernels", "imaging", "vision", "networks"},
    "strategies": {"core", "kernels"},
    "distributed": {"core", "kernels", "strategies"},
    "tasks": {"core", "kernels"},
    "acquire": {"core", "kernels", "imaging", "data", "embed", "models", "strategies", "tasks"},
    "session": {"core", "kernels", "imaging", "data", "exchange", "embed", "models", "strategies", "tasks", "acquire"},
    "label": {"core", "imaging", "models", "strategies", "acquire", "session"},
    "report": {"core", "session", "acquire", "strategies", "tasks"},
}
LAYERS = set(BELOW)
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def layer_of(path: pathlib.PurePath) -> str | None:
    """The layer that a file of the repository or an included path belongs to."""
    parts = [part for part in path.parts if part not in ("include", "goldpan", "src")]
    return parts[0] if len(parts) > 1 and parts[0] in LAYERS else None


def violations(root: pathlib.Path):
    for top in ("include", "src", "apps", "python"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in (".hpp", ".cpp"):
                continue
            relative = path.relative_to(root)
            layer = layer_of(relative) if top in ("include", "src") else None
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                bracket, included = match.groups()
                target = layer_of(pathlib.PurePath(included))
                where = f"{relative}:{number}: {line.strip()}"
                if target is None:
                    continue
                public = included.startswith("goldpan/")
                if top in ("apps", "python") and not public:
                    yield where + "  (outside users include goldpan/ alone)"
                if top == "include" and not public:
                    yield where + "  (a public header includes public headers alone)"
                if layer and target != layer and target not in BELOW[layer]:
                    yield where + f"  ({layer} must not include {target})"


def test_the_rule_catches_what_it_should(tmp: pathlib.Path) -> bool:
    """A test that cannot fail is none: three planted violations must be found."""
    planted = {
        "src/core/a.cpp": '#include "kernels/blas.hpp"\n',
        "src/embed/b.cpp": "#include <goldpan/data/dataset.hpp>\n",
        "apps/goldpan/c.cpp": '#include "session/journal.hpp"\n',
        "src/report/fine.cpp": "#include <goldpan/core/error.hpp>\n",
    }
    for name, content in planted.items():
        (tmp / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp / name).write_text(content)
    return len(list(violations(tmp))) == 3


def main() -> int:
    import tempfile

    root = pathlib.Path(sys.argv[1])
    found = list(violations(root))
    for violation in found:
        print(violation)
    with tempfile.TemporaryDirectory() as tmp:
        catches = test_the_rule_catches_what_it_should(pathlib.Path(tmp))
    if not catches:
        print("the planted violations were not found")
    failed = (1 if found else 0) + (0 if catches else 1)
    print(f"{2 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
