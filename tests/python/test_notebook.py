"""notebook.py runs top to bottom at its small size: as a script on images that it makes itself, then, where jupytext and
nbclient are installed, as a notebook that starts from the script's checkpoints."""

import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECTIONS = 12
SMALL = {"GOLDPAN_NOTEBOOK_SIZE": "small", "GOLDPAN_NOTEBOOK_DATA": "made"}


def missing(*names):
    return [name for name in names if importlib.util.find_spec(name) is None]


class Notebook(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        absent = missing("goldpan", "matplotlib", "pandas", "scipy", "sklearn")
        if absent:
            raise unittest.SkipTest(f"not installed: {', '.join(absent)} (requirements.txt)")
        folder = tempfile.TemporaryDirectory(prefix="goldpan-notebook-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.script = subprocess.run(
            [sys.executable, ROOT / "notebook.py"],
            cwd=cls.folder,
            env={**os.environ, **SMALL},
            capture_output=True,
            text=True,
        )
        cls.results = next(cls.folder.glob("outputs/notebook/made-images-small-*"), cls.folder)

    def test_sections_in_order(self):
        titles = [line for line in (ROOT / "notebook.py").read_text().splitlines() if line.startswith("# # ")]
        numbered = [title for title in titles if title[4].isdigit()]
        self.assertEqual([int(title[4:].split(".")[0]) for title in numbered], list(range(1, SECTIONS + 1)))
        self.assertEqual(sum(title.startswith("# # Extension") for title in titles), 1)

    def test_runs_as_a_script(self):
        self.assertEqual(self.script.returncode, 0, self.script.stderr)
        self.assertNotIn("Warning", self.script.stderr)
        figures = sorted(path.name[:2] for path in (self.results / "figures").glob("*.png"))
        for section in (*range(1, 10), 11, 12):
            self.assertIn(f"{section:02}", figures)
        for section in (*range(1, 9), 11, 12):
            self.assertTrue(list(self.results.glob(f"{section:02}-*")), f"section {section} left no checkpoint")

    def test_runs_as_a_notebook_from_the_checkpoints(self):
        absent = missing("jupytext", "nbclient", "ipykernel")
        if absent:
            self.skipTest(f"not installed: {', '.join(absent)} (requirements.txt)")
        # jupytext imports Jupyter's `notebook` where it is, and would run ours, which lies in the working directory.
        sys.modules.setdefault("notebook", None)
        import jupytext
        import nbclient

        self.assertEqual(self.script.returncode, 0, self.script.stderr)
        notebook = jupytext.read(ROOT / "notebook.py")
        before = dict(os.environ)
        os.environ.update(SMALL)
        try:
            nbclient.NotebookClient(
                notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(self.folder)}}
            ).execute()
        finally:
            os.environ.clear()
            os.environ.update(before)
        printed = "".join(
            output.get("text", "") for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
        )
        self.assertNotIn("checkpoint ", printed, "something was computed again")
        pictures = sum(
            "image/png" in output.get("data", {})
            for cell in notebook.cells
            if cell.cell_type == "code"
            for output in cell.outputs
        )
        self.assertGreaterEqual(pictures, 20)


if __name__ == "__main__":
    unittest.main()
