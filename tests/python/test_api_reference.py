"""docs/api.md says what the docstrings say."""

import importlib.machinery
import importlib.util
import pathlib
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_script():
    loader = importlib.machinery.SourceFileLoader("api_reference", str(ROOT / "script/api_reference"))
    module = types.ModuleType("api_reference")
    module.__file__ = loader.path
    loader.exec_module(module)
    return module


class ApiReference(unittest.TestCase):
    def test_page_is_current(self):
        import goldpan

        if importlib.util.find_spec("skactiveml") is None:
            self.skipTest("scikit-activeml is not installed: its adapter's docstring cannot be read")
        expected = load_script().reference(goldpan)
        self.assertEqual((ROOT / "docs/api.md").read_text(), expected, "run script/api_reference")

    def test_docstring_becomes_markdown(self):
        doc = """First line.

        Some text::

            a = 1

        More.

        >>> f(1)
        2
        """
        self.assertEqual(
            load_script().as_markdown(doc),
            "First line.\n\nSome text:\n\n```python\na = 1\n```\n\nMore.\n\n```python\nf(1)\n# 2\n```",
        )


if __name__ == "__main__":
    unittest.main()
