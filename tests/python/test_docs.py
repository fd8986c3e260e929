"""The Python in the documentation runs: each page from top to bottom, in one namespace and an empty folder.

A block that begins with "# needs: a, b" is skipped where a package is not installed, one that begins with "# not run
by the test: why" always; both are counted aloud.
"""

import contextlib
import importlib.util
import io
import os
import pathlib
import re
import tempfile
import unittest

import matplotlib

matplotlib.use("Agg")

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


class TaggedDataset:
    """What the FiftyOne recipe calls, of a dataset of 1,000 samples."""

    def __init__(self, ids=None):
        self.ids = ids or [f"sample-{i}" for i in range(1000)]
        self.tagged = []

    def values(self, field):
        assert field == "id"
        return self.ids

    def select(self, ids):
        assert set(ids) <= set(self.ids) and all(type(i) is str or hasattr(i, "isalpha") for i in ids)
        self.selected = list(ids)
        return self

    def tag_samples(self, tag):
        self.tagged += self.selected


def stand_ins():
    """Objects of other people's programs that the pages name."""
    return {"dataset": TaggedDataset()}


def blocks(text):
    """(line, code) of each block of Python."""
    return [(text[: match.start(1)].count("\n") + 1, match.group(1)) for match in BLOCK.finditer(text)]


def reason_to_skip(code):
    first = code.split("\n", 1)[0]
    if first.startswith("# not run by the test: "):
        return first.removeprefix("# not run by the test: ")
    if first.startswith("# needs: "):
        missing = [
            name for name in first.removeprefix("# needs: ").split(", ") if importlib.util.find_spec(name) is None
        ]
        if missing:
            return f"{', '.join(missing)} not installed"
    return None


def run_page(name, text, namespace):
    """Runs a page in the current folder; returns its skipped blocks, with their reasons."""
    skipped = []
    for line, code in blocks(text):
        reason = reason_to_skip(code)
        if reason:
            skipped.append(f"{name}:{line} ({reason})")
            continue
        # The leading lines make tracebacks point into the page.
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile("\n" * (line - 1) + code, str(ROOT / name), "exec"), namespace)
    return skipped


class Documentation(unittest.TestCase):
    def run_in_empty_folder(self, name):
        text = (ROOT / name).read_text()
        before = os.getcwd()
        with tempfile.TemporaryDirectory(prefix="goldpan-docs-") as folder:
            os.chdir(folder)
            try:
                namespace = {"__name__": "page", **stand_ins()}
                skipped = run_page(name, text, namespace)
            finally:
                os.chdir(before)
        total = len(blocks(text))
        print(
            f"{name}: {total - len(skipped)} of {total} blocks ran"
            + "".join(f"; skipped {reason}" for reason in skipped)
        )
        return namespace

    def test_cookbook(self):
        namespace = self.run_in_empty_folder("docs/cookbook.md")
        self.assertEqual(len(namespace["dataset"].tagged), 100)

    def test_distributed(self):
        self.run_in_empty_folder("docs/distributed.md")

    def test_methods(self):
        self.run_in_empty_folder("docs/methods.md")

    def test_readme(self):
        self.run_in_empty_folder("README.md")

    def test_a_broken_block_is_found(self):
        with self.assertRaises(NameError):
            run_page("page.md", "```python\n# needs: os\nno_such_name\n```\n", {})
        self.assertEqual(len(run_page("page.md", "```python\n# needs: no_such_package\nno_such_name\n```\n", {})), 1)


if __name__ == "__main__":
    unittest.main()
