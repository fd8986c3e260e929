#!/usr/bin/env python3
"""`goldpan run --task detection` and `--task multilabel` on small road scenes: tables, threads, kills, other detectors."""
import csv
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import harness
from harness import ProgramTest

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples/command_detector.py"
SCENES = tempfile.TemporaryDirectory(prefix="goldpan-scenes-")


def tables(folder):
    """The bytes of every table but timings*.csv, which hold what the clock said."""
    return {path.name: path.read_bytes() for path in sorted((folder / "tables").glob("*.csv"))
            if not path.name.startswith("timings")}


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


class TasksTest(ProgramTest):
    def command(self, out, *more):
        return ["run", "--data", f"scenes:120:{SCENES.name}/scenes", "--out", self.folder / out, "--seeds", "1,2",
                "--budgets", "0.2,0.5,1", *more]

    def detection(self, out, *more):
        return self.command(out, "--task", "detection", *more)

    def test_detection_writes_the_tables_of_its_metrics(self):
        result = self.succeeds(*self.detection("out", "--by", "weather,timeofday"))
        self.assertIn("random: mAP@[.5:.95]", result.stdout)
        curves = rows_of(self.folder / "out/tables/learning_curves.csv")
        self.assertEqual({row["strategy"] for row in curves},
                         {"random", "entropy", "ppal", "k_center", "badge", "hybrid"})
        for row in curves:
            self.assertGreaterEqual(float(row["ap50_mean"]), float(row["ap_mean"]))
            self.assertGreater(float(row["boxes_mean"]), float(row["labels"]))
        full = {row["ap_mean"] for row in curves if row["budget"] == "1"}
        self.assertEqual(len(full), 1, "all strategies hold the same labels at the whole pool")
        self.assertGreater(float(full.pop()), 0)
        metrics = rows_of(self.folder / "out/tables/metrics.csv")
        self.assertTrue({"all", "timeofday=night"} <= {row["slice"] for row in metrics})
        self.assertTrue({"AP", "AP50", "AR100", "cost"} <= {row["metric"] for row in metrics})
        self.assertIn("car", {row["class"] for row in metrics if row["metric"] == "AP"})
        journal = sqlite3.connect(self.folder / "out/run.db")
        bought, = journal.execute("SELECT count(*) FROM targets").fetchone()
        pool, = journal.execute("SELECT value FROM facts WHERE key = 'pool_size'").fetchone()
        self.assertEqual(bought, int(pool))
        before = tables(self.folder / "out")
        self.succeeds("report", self.folder / "out")
        self.assertEqual(tables(self.folder / "out"), before)

    def test_threads_and_kills_change_no_byte(self):
        begin = time.monotonic()
        self.succeeds(*self.detection("whole", "--threads", 2))
        whole_run = time.monotonic() - begin
        whole = tables(self.folder / "whole")
        self.succeeds(*self.detection("one", "--threads", 1))
        self.assertEqual(tables(self.folder / "one"), whole)
        generator = random.Random(int.from_bytes(os.urandom(4), "little"))
        for _ in range(4):
            process = subprocess.Popen([harness.PROGRAM, *map(str, self.detection("killed", "--threads", 2))],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=generator.uniform(0.1, 0.8) * whole_run)
                break
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
        self.succeeds(*self.detection("killed", "--threads", 2))
        self.assertEqual(tables(self.folder / "killed"), whole)

    def test_other_strategies_and_what_is_refused(self):
        self.succeeds(*self.detection("more", "--strategies", "random,margin,least_confidence,div_proto,uherding",
                                      "--aggregate", "sum"))
        self.fails("bald needs what a detector does not give", *self.detection("no", "--strategies", "random,bald"))
        self.fails("expected one of: classification, detection, multilabel", *self.command("no", "--task", "boxes"))
        self.fails("--learner", *self.command("no", "--learner", "true"))

    def test_another_detector_plugs_in_by_a_command(self):
        learner = f"{sys.executable} {EXAMPLE}"
        arguments = ["--strategies", "random,entropy,ppal", "--learner", learner]
        self.succeeds(*self.detection("command", *arguments))
        curves = rows_of(self.folder / "command/tables/learning_curves.csv")
        self.assertGreater(float(curves[-1]["ap50_mean"]), 0)
        whole = tables(self.folder / "command")
        # Killed before its last round, it goes on from what the command has left.
        journal = sqlite3.connect(self.folder / "command/run.db")
        for table in ("rounds", "metrics", "picks"):
            journal.execute(f"DELETE FROM {table} WHERE strategy = 'ppal' AND seed = 2 AND round > 0")
        journal.commit()
        journal.close()
        self.succeeds(*self.detection("command", *arguments))
        self.assertEqual(tables(self.folder / "command"), whole)
        self.fails("ended with status 3; its last words: no such card",
                   *self.detection("fails", "--learner", "echo no such card; exit 3; :"))
        self.fails("wrote no ", *self.detection("silent", "--learner", "true"))
        nonsense = self.folder / "nonsense.sh"
        nonsense.write_text('echo \'[{"image_id": 1, "category_id": 99, "bbox": [0, 0, 1, 1], "score": 0.5}]\''
                            ' > "$1/predictions.json"\n')
        self.fails("predictions.json", *self.detection("nonsense", "--learner", f"sh {nonsense}"))

    def test_several_labels_at_once(self):
        for threads in (1, 2):
            self.succeeds(*self.command(f"labels{threads}", "--task", "multilabel", "--attributes", "weather,timeofday",
                                        "--passes", 3, "--by", "scene", "--threads", threads))
        self.assertEqual(tables(self.folder / "labels1"), tables(self.folder / "labels2"))
        curves = rows_of(self.folder / "labels1/tables/learning_curves.csv")
        self.assertEqual({row["strategy"] for row in curves},
                         {"random", "entropy", "margin", "bald", "k_center", "hybrid"})
        for row in curves:
            for column in ("map_mean", "macro_f1_mean", "micro_f1_mean", "exact_mean"):
                self.assertTrue(0 <= float(row[column]) <= 1)
        metrics = rows_of(self.folder / "labels1/tables/metrics.csv")
        self.assertIn("accuracy_timeofday", {row["metric"] for row in metrics})
        self.assertIn("timeofday=night", {row["class"] for row in metrics})
        self.fails("got 'moon'", *self.command("no", "--task", "multilabel", "--attributes", "moon"))
        self.fails("badge goes by the probabilities of one class",
                   *self.command("no", "--task", "multilabel", "--strategies", "random,badge"))


if __name__ == "__main__":
    harness.main()
