#!/usr/bin/env python3
"""`goldpan report --verify`: a folder is what it was when it was written, or the place is named."""
import pathlib
import sqlite3
import subprocess
import sys
import unittest

import harness
from harness import PROGRAM, ProgramTest, write_clouds

ENDURANCE = pathlib.Path(__file__).resolve().parent.parent / "probes" / "endurance.py"


class Verify(ProgramTest):
    def setUp(self):
        super().setUp()
        write_clouds(self.folder / "data", items=200)
        self.out = self.folder / "out"
        self.succeeds("run", "--data", f"npy:{self.folder / 'data'}", "--strategies", "random,margin", "--seeds", "1,2",
                      "--budgets", "0.1,0.5", "--passes", "3", "--label-price", "0.25", "--currency", "EUR", "--ablate", "reserve",
                      "--out", self.out)

    def verify(self):
        return self.succeeds("report", "--verify", self.out)

    def finds(self, *expected):
        """Names each, on top of the error; returns what was said."""
        said = self.fails(f"error: [{self.out}]", "report", "--verify", self.out).stderr
        for place in expected:
            self.assertIn(place, said)
        return said

    def test_a_folder_as_it_was_written(self):
        self.assertIn("all of them as they were written", self.verify().stdout)
        before = {path: path.read_bytes() for path in self.out.rglob("*") if path.is_file() and "-shm" not in path.name}
        self.verify()
        self.assertEqual(before, {path: path.read_bytes() for path in before})

    def test_every_file_of_the_report(self):
        for path in sorted(self.out.rglob("*")):
            if not path.is_file() or path.name in ("run.lock", "run.db", "run.db-wal", "run.db-shm"):
                continue
            if "ablation" in path.parts and path.name != "config.toml":
                continue
            content = path.read_bytes()
            path.write_bytes(content[:-2] + b"~" + content[-1:])
            self.finds(str(path))
            path.write_bytes(content)
        self.verify()

    def test_a_table_is_made_again(self):
        # Table and digest changed together: the journal still knows better, and the line is named.
        table = self.out / "tables/rounds.csv"
        lines = table.read_text().splitlines(keepends=True)
        lines[2] = lines[2].replace("0.", "0.1", 1)
        table.write_text("".join(lines))
        (self.out / "report.json").unlink()
        self.fails("tables/rounds.csv:3] differs from what the journal gives", "report", "--verify", self.out, "--label-price",
                   "0.25", "--currency", "EUR")
        self.succeeds("report", self.out, "--label-price", "0.25", "--currency", "EUR")
        self.verify()

    def test_what_is_missing(self):
        (self.out / "figures/learning_curves.png").unlink(missing_ok=True)  # not drawn where gnuplot is missing
        (self.out / "tables/batches.csv").unlink()
        self.finds("tables/batches.csv")
        self.fails("is no folder", "report", "--verify", self.folder / "nowhere")
        empty = self.folder / "empty"
        empty.mkdir()
        self.fails("run.db] is missing", "report", "--verify", empty)

    def test_settings_that_are_not_the_journal_s(self):
        config = self.out / "config.toml"
        config.write_text(config.read_text().replace("reserve = 0.1", "reserve = 0.2"))
        self.finds("config.toml] protocol.reserve is '0.2', and '0.1' in the journal")

    def test_a_journal_edited_by_hand(self):
        with sqlite3.connect(self.out / "run.db") as journal:
            journal.execute("UPDATE rounds SET labeled = labeled + 1, digest = '' WHERE strategy = 'margin' AND seed = 2")
        self.finds("round 0 of margin at seed 2 is not what was written")

    def test_a_header_without_its_seal(self):
        with sqlite3.connect(self.out / "run.db") as journal:
            journal.execute("UPDATE classes SET name = 'x' WHERE class = 0")
            journal.execute("DELETE FROM sealed")
        self.finds("is not what was written")

    def test_a_run_that_is_not_complete(self):
        with sqlite3.connect(self.out / "run.db") as journal:
            journal.execute("DELETE FROM rounds WHERE strategy = 'margin' AND seed = 2 AND round = 1")
        self.assertIn("is not complete", self.finds("tables/rounds.csv"))


class Endurance(unittest.TestCase):
    """A short draw; tests/probes/endurance.py has the long ones."""

    def endures(self, what, count):
        result = subprocess.run([sys.executable, ENDURANCE, PROGRAM, what, "--count", str(count)], capture_output=True, text=True,
                                timeout=1200)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_kills(self):
        self.endures("kills", 4)

    def test_flips(self):
        self.endures("flips", 5)

    def test_full_disks(self):
        self.endures("full", 4)


if __name__ == "__main__":
    harness.main()
