#!/usr/bin/env python3
"""The pages say what the code says: docs/methods.md has a section for each strategy, and links lead somewhere.

Run by ctest with the repository's root as its argument; prints one closing line.
"""

import pathlib
import re
import sys
import tempfile

STRATEGY = re.compile(r"^\s+ROW\((\w+)\)", re.MULTILINE)
FIELD = re.compile(r"^  [\w:<> ]+ (\w+)(?: = [^;]*)?;", re.MULTILINE)
OPTION = re.compile(r'\{\s*\.name\s*=\s*"(\w+)"')
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# What a strategy's section must say.
PARTS = ("Cost", "When")


def strategies(root: pathlib.Path) -> list[str]:
    # "auto" is a keyword of C++: its row is auto_.
    return [name.rstrip("_") for name in STRATEGY.findall((root / "src/strategies/rows.hpp").read_text())]


def options(root: pathlib.Path) -> set[str]:
    """The options of all strategies, each of which stands in its strategy's file, and what is no row but data."""
    text = (root / "include/goldpan/strategies/strategy.hpp").read_text()
    body = text[text.index("struct StrategyOptions {") :]
    return set(FIELD.findall(body[: body.index("};")])) | {
        name
        for path in sorted((root / "src/strategies").glob("*.cpp"))
        for name in OPTION.findall(path.read_text())
    }


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def wrong_methods(root: pathlib.Path):
    """Sections of docs/methods.md against the table."""
    text = without_code((root / "docs/methods.md").read_text())
    start, end = text.index("\n# Baseline"), text.index("\n# Around the strategies")
    table, found = strategies(root), []
    for chapter in re.split(r"^# ", text[start:end], flags=re.MULTILINE):
        # A chapter may say once, before its sections, what holds for all of its strategies.
        common, *sections = re.split(r"^## ", chapter, flags=re.MULTILINE)
        for section in sections:
            name = section.split("\n", 1)[0]
            found.append(name)
            for part in PARTS:
                if f"**{part}" not in section and f"**{part}" not in common:
                    yield f"docs/methods.md: '## {name}' does not say **{part}.**"
    for name in sorted(set(table) - set(found)):
        yield f"docs/methods.md: no section '## {name}', which is in the strategy table"
    for name in sorted(set(found) - set(table)):
        yield f"docs/methods.md: section '## {name}', which is not in the strategy table"
    known = options(root)
    for name in set(re.findall(r"`((?:bait|epig|prob_cover|approximate|shortlist)_\w+)`", text)) - set(table):
        if name not in known:
            yield f"docs/methods.md: names the option {name}, which no strategy has"


def anchor(heading: str) -> str:
    """GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def broken_links(root: pathlib.Path):
    pages = sorted(root.glob("*.md")) + sorted((root / "docs").rglob("*.md"))
    for page in pages:
        for target in LINK.findall(without_code(page.read_text())):
            if re.match(r"\w+:", target):
                continue
            path, _, fragment = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            if not file.exists():
                yield f"{page.relative_to(root)}: {target} does not exist"
            elif fragment and file.suffix == ".md":
                headings = re.findall(r"^#+ (.+)$", without_code(file.read_text()), re.MULTILINE)
                if fragment not in map(anchor, headings):
                    yield f"{page.relative_to(root)}: {target}: no such heading"


def complaints(root: pathlib.Path) -> list[str]:
    return [*wrong_methods(root), *broken_links(root)]


def finds_what_it_should(root: pathlib.Path, tmp: pathlib.Path) -> bool:
    """A test that cannot fail is none: five planted faults must be found."""
    rows = [str(path.relative_to(root)) for path in sorted((root / "src/strategies").glob("*.[ch]pp"))]
    for name in (*rows, "include/goldpan/strategies/strategy.hpp", "docs/methods.md"):
        (tmp / name).parent.mkdir(parents=True, exist_ok=True)
        text = (root / name).read_text()
        if name.endswith(".md"):
            text = re.sub(r"\]\([^)]*\)", "]", text)
            text = text.replace("## margin", "## marign").replace("`shortlist_factor`", "`shortlist_size`")
            text += "\n[a](gone.md) [b](#nowhere)\n"
        (tmp / name).write_text(text)
    return len(complaints(tmp)) == 5


def main() -> int:
    root = pathlib.Path(sys.argv[1]).resolve()
    found = complaints(root)
    for complaint in found:
        print(complaint)
    with tempfile.TemporaryDirectory() as tmp:
        catches = finds_what_it_should(root, pathlib.Path(tmp))
    if not catches:
        print("the planted faults were not found")
    failed = (1 if found else 0) + (0 if catches else 1)
    print(f"{2 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
