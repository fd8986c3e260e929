#!/usr/bin/env python3
"""`goldpan run` and `goldpan report` as a user meets them: outputs, determinism, resumption after kills, errors."""
import contextlib
import csv
import os
import random
import resource
import signal
import sqlite3
import subprocess
import time

import harness
from harness import ProgramTest, write_clouds, write_npy

SETTINGS = ["--budgets", "0.05,0.25,1", "--seeds", "1,2", "--passes", "3"]


def tables(folder):
    """The bytes of every table but timings*.csv, which hold what the clock said."""
    return {path.name: path.read_bytes() for path in sorted((folder / "tables").glob("*.csv"))
            if not path.name.startswith("timings")}


def disk_of(limit):
    """For a child process: no file of it may grow beyond the limit, which is what a full disk does, wherever it is."""
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return prepare


class RunTest(ProgramTest):
    def setUp(self):
        super().setUp()
        write_clouds(self.folder / "data")
        self.data = f"npy:{self.folder / 'data'}"

    def run_command(self, out, *more):
        return ["run", "--data", self.data, "--out", self.folder / out, *SETTINGS, *more]

    def test_outputs(self):
        result = self.succeeds(*self.run_command("out"))
        self.assertIn("random", result.stdout + result.stderr)
        with open(self.folder / "out/tables/budget_gains.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        for column in ("strategy", "budget", "gain_mean", "gain_std", "ci_low", "ci_high", "p_value", "seeds",
                       "verdict"):
            self.assertIn(column, rows[0])
        self.assertTrue((self.folder / "out/config.toml").exists())
        journal = sqlite3.connect(self.folder / "out/run.db")
        picks, = journal.execute("SELECT count(*) FROM picks WHERE strategy = 'badge' AND seed = 1").fetchone()
        pool, = journal.execute("SELECT value FROM facts WHERE key = 'pool_size'").fetchone()
        self.assertEqual(picks, int(pool))
        reasons = dict(journal.execute("SELECT reason, count(*) FROM pick_list WHERE strategy = 'badge' "
                                       "AND seed = 1 AND round = 1 GROUP BY reason"))
        self.assertEqual(reasons["reserve"], 10)
        before = tables(self.folder / "out")
        for path in (self.folder / "out/tables").glob("*.csv"):
            path.unlink()
        self.succeeds("report", self.folder / "out")
        self.assertEqual(tables(self.folder / "out"), before)

    def test_threads_change_no_byte(self):
        for threads in (1, 2, 3):
            self.succeeds(*self.run_command(f"out{threads}", "--threads", threads))
        first = tables(self.folder / "out1")
        self.assertGreaterEqual(len(first), 3)
        self.assertEqual(tables(self.folder / "out2"), first)
        self.assertEqual(tables(self.folder / "out3"), first)

    def test_killed_at_random_moments_it_ends_with_the_same_bytes(self):
        begin = time.monotonic()
        self.succeeds(*self.run_command("whole", "--threads", 2))
        whole_run = time.monotonic() - begin
        generator = random.Random(int.from_bytes(os.urandom(4), "little"))
        kills = 0
        for _ in range(40):
            command = [harness.PROGRAM, *map(str, self.run_command("killed", "--threads", 2))]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=generator.uniform(0, whole_run / 2))
                break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
        self.succeeds(*self.run_command("killed"))
        self.assertGreater(kills, 0)
        self.assertEqual(tables(self.folder / "killed"), tables(self.folder / "whole"))

    def test_a_full_disk_is_named_and_costs_nothing_written(self):
        self.succeeds(*self.run_command("whole"))
        size = (self.folder / "whole/run.db").stat().st_size
        refused = 0
        for share in (0.02, 0.2, 0.4, 0.6, 0.8):
            result = harness.goldpan(*self.run_command("full"), preexec_fn=disk_of(int(size * share)))
            if result.returncode != 0:
                refused += 1
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertRegex(result.stderr, r"run\.db|config\.toml")
        self.assertGreater(refused, 2)
        self.succeeds(*self.run_command("full"))
        self.assertEqual(tables(self.folder / "full"), tables(self.folder / "whole"))

    def test_a_read_only_journal_is_named_and_kept(self):
        self.succeeds(*self.run_command("whole"))
        size = (self.folder / "whole/run.db").stat().st_size
        self.fails("goes on from there", *self.run_command("out"), preexec_fn=disk_of(size // 2))
        self.folder.chmod(0o755)
        (self.folder / "out").chmod(0o777)
        (self.folder / "out/run.lock").chmod(0o666)
        for path in (self.folder / "out").glob("run.db*"):
            path.chmod(0o444)

        def as_nobody():
            if os.geteuid() == 0:  # root may write anywhere
                os.setgid(65534)
                os.setuid(65534)

        try:
            result = self.fails("run.db", *self.run_command("out"), preexec_fn=as_nobody)
        except PermissionError:
            self.skipTest("another user may not run the program here")
        self.assertIn("readonly", result.stderr)
        for path in (self.folder / "out").glob("run.db*"):
            path.chmod(0o644)
        self.succeeds(*self.run_command("out"))
        self.assertEqual(tables(self.folder / "out"), tables(self.folder / "whole"))

    def test_other_settings_on_an_old_journal_are_refused(self):
        self.succeeds(*self.run_command("out", "--strategies", "random"))
        self.fails("protocol.strategies was 'random' and is now 'random,margin'",
                   *self.run_command("out", "--strategies", "random,margin"))
        self.succeeds(*self.run_command("out", "--strategies", "random,margin", "--fresh"))

    def test_copies_across_the_split_are_counted_and_named(self):
        rows, labels = write_clouds(self.folder / "twice", items=100)
        both = rows + rows  # each item twice: most test items have their copy in the pool
        write_npy(self.folder / "twice/embeddings.npy", "f", (200, 8), [x for row in both for x in row])
        write_npy(self.folder / "twice/labels.npy", "q", (200,), labels + labels)
        (self.folder / "twice/ids.txt").write_text("".join(f"item{i}{c}\n" for c in "ab" for i in range(100)))
        out = self.folder / "copies"
        run = ("run", "--data", f"npy:{self.folder / 'twice'}", "--strategies", "random,margin", "--seeds", "1", "--budgets", "0.2,1",
               "--passes", "2", "--near-twin", "0.999", "--out", out)
        said = self.succeeds(*run).stderr
        with (out / "copies.csv").open(newline="") as file:
            copies = list(csv.DictReader(file))
        self.assertGreater(len(copies), 20)
        for copy in copies:
            self.assertEqual(copy["exact"], "1")
            self.assertEqual(copy["test_item"][:-1], copy["pool_item"][:-1])
        self.assertIn(f"{len(copies)} of 40 test items have an exact copy in the pool ({copies[0]['test_item']} of the test set and "
                      f"{copies[0]['pool_item']} of the pool", said)
        self.assertIn(f"{len(copies)} of 40 (", (out / "reflection.md").read_text())
        self.assertIn("have an exact copy in the pool", (out / "report.html").read_text())
        with contextlib.closing(sqlite3.connect(out / "run.db")) as journal:
            facts = dict(journal.execute("SELECT key, value FROM facts"))
        self.assertEqual(facts["copies_exact"], str(len(copies)))
        # Deduplication says what it removed, and what pool and test share is counted after it.
        said = self.succeeds(*run[:-1], self.folder / "dedup", "--dedup", "0.9999").stderr
        self.assertRegex(said, r"deduplication at cosine 0.9999 removed \d+ of 160 items of the pool; the first: item\d+b, for which "
                               r"item\d+a stands \(duplicates.csv has all\)")
        self.assertIn("`--dedup` removed", (self.folder / "dedup/reflection.md").read_text())

    def test_config_file(self):
        config = self.folder / "config.toml"
        config.write_text('[protocol]\nstrategies = ["random", "margin"]\nbudgets = [0.1, 1.0]\nseeds = [4]\n')
        self.succeeds("run", "--data", self.data, "--config", config, "--seeds", "5", "--out", self.folder / "out")
        written = (self.folder / "out/config.toml").read_text()
        self.assertIn("seeds = [5]", written)
        self.assertIn('strategies = ["random", "margin"]', written)
        # The written file reproduces the run.
        self.succeeds("run", "--config", self.folder / "out/config.toml", "--out", self.folder / "again")
        self.assertEqual(tables(self.folder / "again"), tables(self.folder / "out"))

    def test_errors_name_the_place(self):
        out = ["--out", self.folder / "out"]
        self.fails("nowhere", "run", "--data", "npy:/nowhere", *out)
        self.fails("npy", "run", "--data", "tfrecord:/x", *out)  # lists the known formats
        self.fails("got 1.5, expected fractions", *self.run_command("out", "--budgets", "0.5,1.5"))
        self.fails("k_center", *self.run_command("out", "--strategies", "random,coreset"))
        write_npy(self.folder / "data/labels.npy", "q", (599,), [0] * 599)
        self.fails("599", *self.run_command("out"))
        write_npy(self.folder / "data/labels.npy", "q", (600,), [0, 1, 2] * 200)
        write_npy(self.folder / "data/embeddings.npy", "f", (600, 2), [float("nan")] + [0.0] * 1199)
        self.fails("row 0", *self.run_command("out"))
        self.fails("missing", "report", self.folder / "out")
        (self.folder / "file").write_text("")
        write_clouds(self.folder / "data")
        self.fails("file", *self.run_command("file/out"))
        if os.geteuid() != 0:  # root may write anywhere
            (self.folder / "locked").mkdir(mode=0o500)
            self.fails("cannot write", *self.run_command("locked/out"))


if __name__ == "__main__":
    harness.main()
