"""The small doors: standard streams, threads and memory that cannot be had, arrays that are not what they seem."""
import csv
import json
import pathlib
import struct
import subprocess
import unittest

import harness
from harness import PROGRAM, ProgramTest, goldpan, write_clouds, write_npy


def shell(command, **options):
    """The program by a shell, as "$0", for redirections and limits."""
    return subprocess.run(["bash", "-c", command, PROGRAM], capture_output=True, text=True, timeout=300, **options)


class Streams(ProgramTest):
    def setUp(self):
        super().setUp()
        write_clouds(self.folder)
        self.pick = f"pick --embeddings {self.folder}/embeddings.npy --strategy k_center --batch 5 --force --out {self.folder}/picks.csv"

    def test_a_full_standard_output_is_an_error(self):
        if not pathlib.Path("/dev/full").exists():
            self.skipTest("no /dev/full here")
        for command in ("strategies", "--help", self.pick):
            result = shell(f'"$0" {command} >/dev/full')
            self.assertEqual(result.returncode, 1, command)
            self.assertIn("[standard output] cannot write", result.stderr)

    def test_a_closed_standard_output_is_an_error(self):
        result = shell('"$0" strategies >&-')
        self.assertEqual(result.returncode, 1)
        self.assertIn("[standard output] cannot write", result.stderr)

    def test_closed_streams_never_write_into_open_files(self):
        self.assertEqual(shell(f'"$0" {self.pick}').returncode, 0)
        picks = (self.folder / "picks.csv").read_bytes()
        for closed in ("2>&-", "<&- 2>&-", "<&- >&- 2>&-"):
            shell(f'"$0" {self.pick} {closed}')
            self.assertEqual((self.folder / "picks.csv").read_bytes(), picks, closed)
            json.loads((self.folder / "picks.json").read_text())


class Limits(ProgramTest):
    def setUp(self):
        super().setUp()
        write_clouds(self.folder)

    def pick(self, *more):
        return ("pick", "--embeddings", self.folder / "embeddings.npy", "--strategy", "typiclust", "--batch", "5",
                "--out", self.folder / "picks.csv", *more)

    def test_impossible_numbers_of_threads(self):
        self.fails("[--threads] got -1, expected 0", *self.pick("--threads", "-1"))
        self.fails("[--threads] got 2000000000, expected 0", *self.pick("--threads", "2000000000"))

    def test_too_little_memory_names_what_was_too_large(self):
        # 128 MB of float64, to be converted, where there is hardly more room than the program itself takes.
        least = next((kb for kb in range(40_000, 2_000_000, 20_000)
                      if shell(f'ulimit -v {kb}; exec "$0" --version').returncode == 0), None)
        if least is None:
            self.skipTest("no limit on the address space here")
        rows = 2_000_000
        header = "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 8), }" % rows
        header += " " * (-(10 + len(header) + 1) % 64) + "\n"
        with open(self.folder / "large.npy", "wb") as file:
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
            file.truncate(10 + len(header) + 8 * 8 * rows)
        result = shell(f'ulimit -v {least + 20_000}; exec "$0" pick --embeddings {self.folder}/large.npy --strategy random '
                       f'--batch 1 --threads 1 --out {self.folder}/picks.csv')
        self.assertIn(result.returncode, (harness.BAD_INPUT, harness.INTERNAL), result.stderr)
        self.assertRegex(result.stderr, r"error: \[.*(large.npy|memory).*\]")

    def test_many_threads_in_little_room(self):
        # Scratch space that a worker could not have was written to all the same (signal 11).
        for limit in (600_000, 800_000, 1_000_000):
            for command in (self.pick("--threads", "64"), (*self.pick("--threads", "64")[:4], "k_center", *self.pick()[5:])):
                words = " ".join(str(word) for word in command)
                result = shell(f'ulimit -v {limit}; exec "$0" {words} --force')
                self.assertIn(result.returncode, (0, 1, 4), f"ulimit -v {limit}: {words}: {result.stderr}")
                if result.returncode != 0:
                    self.assertRegex(result.stderr, r"error: \[\w+\]")

    def test_few_processes(self):
        words = " ".join(str(word) for word in self.pick("--threads", "64"))
        result = shell(f'ulimit -u 1; exec "$0" {words}')
        self.assertIn(result.returncode, (0, 1), result.stderr)

    def test_a_limit_on_files_is_an_error_of_the_file(self):
        result = shell(f'ulimit -f 1; exec "$0" pick --embeddings {self.folder}/embeddings.npy --strategy random --batch 500 '
                       f'--out {self.folder}/many.csv')
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("many.csv] cannot write", result.stderr)

    def test_prices_and_lists(self):
        for price in ("nan", "-1", "inf"):
            self.fails("--label-price", "report", self.folder, f"--label-price={price}")
            self.fails("--label-price", "run", "--data", f"npy:{self.folder}", f"--label-price={price}")
        for flag, value in (("--budgets", "0.1,,0.2"), ("--budgets", "0.1,"), ("--seeds", ",1"), ("--strategies", "random,,badge")):
            self.fails("got ''", "run", "--data", f"npy:{self.folder}", "--out", self.folder / "out", flag, value)


class Arrays(ProgramTest):
    def pick(self, strategy, *inputs, batch=5):
        self.succeeds("pick", *inputs, "--strategy", strategy, "--batch", batch, "--reserve", "0",
                      "--out", self.folder / "picks.csv", "--force")
        return self.column("index")

    def column(self, name):
        with (self.folder / "picks.csv").open(newline="", encoding="utf-8") as file:
            return [row[name] for row in csv.DictReader(file)]

    def probabilities(self, rows=30, classes=3):
        values = []
        for i in range(rows):
            p = [1 + (i * 7 + c * 5) % 11 for c in range(classes)]
            values.extend(x / sum(p) for x in p)
        return values

    def test_every_type_gives_the_same_picks(self):
        values = self.probabilities()
        write_npy(self.folder / "p.npy", "f", (30, 3), values)
        expected = self.pick("entropy", "--probs", self.folder / "p.npy")
        write_npy(self.folder / "p64.npy", "d", (30, 3), values)
        self.assertEqual(self.pick("entropy", "--probs", self.folder / "p64.npy"), expected)
        # Fortran order, big-endian: what numpy.save writes of p.T.astype(">f8").T
        header = "{'descr': '>f8', 'fortran_order': True, 'shape': (30, 3), }"
        header += " " * (-(10 + len(header) + 1) % 64) + "\n"
        columns = [values[i * 3 + c] for c in range(3) for i in range(30)]
        (self.folder / "big.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                                              + struct.pack(">90d", *columns))
        self.assertEqual(self.pick("entropy", "--probs", self.folder / "big.npy"), expected)

    def test_one_column_is_no_distribution(self):
        write_npy(self.folder / "l.npy", "f", (30, 1), [0.1 * i for i in range(30)])
        self.fails("has one column of logits", "pick", "--logits", self.folder / "l.npy", "--strategy", "entropy", "--batch", "3")
        write_npy(self.folder / "p.npy", "f", (30, 1), [1.0] * 30)
        self.fails("[--probs] got one column", "pick", "--probs", self.folder / "p.npy", "--strategy", "entropy",
                   "--batch", "3")

    def test_swapped_axes_of_passes(self):
        write_npy(self.folder / "e.npy", "f", (30, 2), [i % 7 for i in range(60)])
        write_npy(self.folder / "m.npy", "f", (30, 4, 3), self.probabilities(rows=120))
        self.fails("which is N x K x C for the 30 rows", "pick", "--embeddings", self.folder / "e.npy", "--mc-probs",
                   self.folder / "m.npy", "--strategy", "bald", "--batch", "3")
        self.succeeds("pick", "--mc-probs", self.folder / "m.npy", "--strategy", "bald", "--batch", "3",
                      "--out", self.folder / "picks.csv")
        notes = json.loads((self.folder / "picks.json").read_text())["notes"]
        self.assertTrue(any("read as 30 passes over 4 rows of 3 classes" in note for note in notes), notes)

    def test_shapes_without_values(self):
        for shape in ((4294967297, 0), (0, 4294967297), (0, 3)):
            write_npy(self.folder / "e.npy", "f", shape, [])
            self.fails("which holds no values", "pick", "--embeddings", self.folder / "e.npy", "--strategy", "k_center",
                       "--batch", "1")

    def test_a_mark_for_a_missing_value_is_named(self):
        values = [float(i % 13) for i in range(120)]
        values[4 * 17 + 2] = -3.4028234663852886e38
        write_npy(self.folder / "e.npy", "f", (30, 4), values)
        for strategy in ("k_center", "typiclust", "prob_cover", "k_center_approximate"):
            self.fails("row 17 is 3.4e+38 long (column 2 holds -3.4e+38)", "pick", "--embeddings", self.folder / "e.npy",
                       "--strategy", strategy, "--batch", "3")

    def test_names_are_text_to_a_spreadsheet_and_utf_8(self):
        write_npy(self.folder / "p.npy", "f", (3, 2), [0.5, 0.5, 0.4, 0.6, 0.3, 0.7])
        (self.folder / "ids.txt").write_bytes(b"=cmd|' /C calc'!A0\ncaf\xe9\n-1+2\n")
        self.succeeds("pick", "--probs", self.folder / "p.npy", "--ids", self.folder / "ids.txt", "--strategy", "entropy",
                      "--batch", "3", "--reserve", "0", "--out", self.folder / "picks.csv")
        self.assertEqual(self.column("id"), ["'=cmd|' /C calc'!A0", "caf\ufffd", "'-1+2"])

    def test_the_audit_trail_says_which_way_scores_point(self):
        write_npy(self.folder / "p.npy", "f", (30, 3), self.probabilities())
        self.pick("margin", "--probs", self.folder / "p.npy")
        self.assertIn("small", json.loads((self.folder / "picks.json").read_text())["score"])


if __name__ == "__main__":
    harness.main()
