#!/usr/bin/env python3
"""`goldpan pick` and `goldpan strategies` as a user meets them."""
import csv
import hashlib
import json
import math
import random
import struct
import unittest

import harness
from harness import ProgramTest, write_npy

N, D, C, K = 200, 6, 4, 5


class PickTest(ProgramTest):
    def setUp(self):
        super().setUp()
        generator = random.Random(3)
        self.embeddings = self.folder / "E.npy"
        write_npy(self.embeddings, "f", (N, D), [generator.gauss(0, 1) for _ in range(N * D)])
        self.logits = [[generator.gauss(0, 2) for _ in range(C)] for _ in range(N)]
        write_npy(self.folder / "Z.npy", "f", (N, C), [z for row in self.logits for z in row])
        self.rows = [[math.exp(z) / sum(math.exp(y) for y in row) for z in row] for row in self.logits]
        write_npy(self.folder / "P.npy", "f", (N, C), [p for row in self.rows for p in row])
        write_npy(self.folder / "M.npy", "f", (K, N, C), [p for _ in range(K) for row in self.rows for p in row])
        (self.folder / "L.txt").write_text("3\n7\n150\n")
        (self.folder / "ids.txt").write_text("".join(f'frame "{i}", left\n' for i in range(N)))

    def pick(self, strategy, *more, out="picks.csv", labeled="L.txt"):
        self.succeeds("pick", "--embeddings", self.embeddings, "--probs", self.folder / "P.npy", "--mc-probs",
                      self.folder / "M.npy", "--labeled", self.folder / labeled, "--strategy", strategy,
                      "--out", self.folder / out, *more)
        with open(self.folder / out, newline="") as file:
            return list(csv.DictReader(file))

    def names(self):
        listing = self.succeeds("strategies").stdout
        return [line.split()[0] for line in listing.splitlines() if not line.startswith(" ")]

    def test_every_strategy_picks_a_batch(self):
        self.assertGreaterEqual(len(self.names()), 8)
        for name in self.names():
            with self.subTest(name):
                rows = self.pick(name, "--batch", 20)
                indices = [int(row["index"]) for row in rows]
                self.assertEqual(len(set(indices)), 20)
                self.assertFalse({3, 7, 150} & set(indices))
                self.assertEqual([row["reason"] for row in rows], ["reserve"] * 2 + ["strategy"] * 18)
                again = self.pick(name, "--batch", 20, "--threads", 1, out="again.csv")
                self.assertEqual(rows, again)

    def test_shards_pick_what_one_file_picks(self):
        whole = self.pick("k_center", "--batch", 20)
        values = struct.unpack(f"<{N * D}f", self.embeddings.read_bytes()[-4 * N * D:])
        for i, (begin, end) in enumerate([(0, 90), (90, 91), (91, N)]):
            write_npy(self.folder / f"s{i}.npy", "f", (end - begin, D), values[begin * D:end * D])
            (self.folder / f"s{i}.ids.txt").write_text("".join(f"frame {row}\n" for row in range(begin, end)))
        many = [self.folder / f"s{i}.npy" for i in range(3)]
        for shards in (many, [self.folder / "s?.npy"]):
            self.succeeds("pick", "--embeddings", *shards, "--labeled", self.folder / "L.txt", "--strategy", "k_center",
                          "--batch", 20, "--out", self.folder / "shards.csv")
            with open(self.folder / "shards.csv", newline="") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual([row["id"] for row in rows], [f"frame {row['index']}" for row in rows])
            self.assertEqual([{**row, "id": row["index"]} for row in rows], whole)
            inputs = json.loads((self.folder / "shards.json").read_text())["inputs"]
            self.assertEqual([name for name in inputs if name.startswith("embeddings")],
                             [f"embeddings[{i}]" for i in range(3)])
        self.fails("would be overwritten, which is read as --embeddings[1]", "pick", "--embeddings", *many, "--strategy",
                   "k_center", "--batch", 2, "--out", many[1])
        certain = self.pick("margin", "--batch", 20)
        for i, (begin, end) in enumerate([(0, 90), (90, 91), (91, N)]):
            write_npy(self.folder / f"p{i}.npy", "f", (end - begin, C), [p for row in self.rows[begin:end] for p in row])
        for more in ([], ["--embeddings", self.folder / "s?.npy"]):
            self.succeeds("pick", "--probs", self.folder / "p?.npy", *more, "--labeled", self.folder / "L.txt",
                          "--strategy", "margin", "--batch", 20, "--out", self.folder / "shards.csv")
            with open(self.folder / "shards.csv", newline="") as file:
                self.assertEqual([{**row, "id": row["index"]} for row in csv.DictReader(file)], certain)
        write_npy(self.folder / "p1.npy", "f", (2, C), [1.0 / C] * 2 * C)
        self.fails("p1.npy] has 2 rows, expected the 1 of its shard", "pick", "--probs", self.folder / "p?.npy",
                   "--embeddings", self.folder / "s?.npy", "--strategy", "hybrid", "--batch", 2)
        self.fails("got 2 files, expected one for each of 3 shards", "pick", "--probs", self.folder / "p0.npy",
                   self.folder / "p2.npy", "--embeddings", self.folder / "s?.npy", "--strategy", "hybrid", "--batch", 2)
        write_npy(self.folder / "s3.npy", "f", (2, D + 1), [0.0] * 2 * (D + 1))
        self.fails("s3.npy] has 7 columns of float32, expected 6", "pick", "--embeddings", self.folder / "s?.npy",
                   "--strategy", "k_center", "--batch", 2)

    def test_labeled_rows_may_be_named_in_many_ways(self):
        wanted = [row["index"] for row in self.pick("margin", "--batch", 10)]
        ids = [f'frame "{i}", left' for i in range(N)]
        quoted = {i: '"' + ids[i].replace('"', '""') + '"' for i in (3, 7, 150)}
        write_npy(self.folder / "mask.npy", "?", (N,), [i in (3, 7, 150) for i in range(N)])
        write_npy(self.folder / "ones.npy", "q", (N,), [int(i in (3, 7, 150)) for i in range(N)])
        texts = {
            "bom.txt": "\ufeff3\r\n7\r\n\r\n150\r\n",
            "floats.txt": "3.0\n7.0\n\n150.0\n",
            "header.txt": "index\n3\n7\n150\n",
            "names.txt": "".join(ids[i] + "\n" for i in (150, 3, 7)),
            "mask.txt": "".join(f"{int(i in (3, 7, 150))}\n" for i in range(N)),
            "picks_of_before.csv": "rank,index,id,score,reason,inclusion_probability\n"
                                   + "".join(f"{r},{i},{quoted[i]},,reserve,0.1\n" for r, i in enumerate((3, 7, 150))),
            "labels.csv": "id,label,who\n" + "".join(f"{quoted[i]},clear,me\n" for i in (3, 7, 150))
                          + '"frame ""9"", left",,me\n',
        }
        for name, text in texts.items():
            (self.folder / name).write_text(text, newline="")
        for name in (*texts, "mask.npy", "ones.npy"):
            with self.subTest(name):
                rows = self.pick("margin", "--batch", 10, "--ids", self.folder / "ids.txt", labeled=name)
                self.assertEqual([row["index"] for row in rows], wanted)
        for text, message in {"3\n7\n3\n": "labelled index 3 stands there twice", "3\nx\n": ":2] got 'x'",
                              "3\n2.5\n": ":2] got '2.5'", "id,label\nnobody,clear\n": "got 'nobody'",
                              "200\n": "labelled index 200 is out of range, expected 0 to 199"}.items():
            (self.folder / "bad.txt").write_text(text)
            self.fails(message, "pick", "--embeddings", self.embeddings, "--labeled", self.folder / "bad.txt",
                       "--strategy", "k_center", "--batch", 1, "--out", self.folder / "x.csv")

    def test_margin_is_right(self):
        rows = self.pick("margin", "--batch", 10, "--reserve", 0)
        def margin(i):
            first, second = sorted(self.rows[i], reverse=True)[:2]
            return first - second
        expected = sorted((i for i in range(N) if i not in (3, 7, 150)), key=margin)[:10]
        self.assertEqual([int(row["index"]) for row in rows], expected)
        self.assertEqual([row["inclusion_probability"] for row in rows], [""] * 10)

    def test_logits_and_probabilities_agree(self):
        from_probabilities = self.pick("margin", "--batch", 10)
        self.succeeds("pick", "--logits", self.folder / "Z.npy", "--labeled", self.folder / "L.txt", "--strategy",
                      "margin", "--batch", 10, "--out", self.folder / "z.csv")
        with open(self.folder / "z.csv", newline="") as file:
            self.assertEqual([row["index"] for row in csv.DictReader(file)],
                             [row["index"] for row in from_probabilities])

    def test_ids_with_commas_and_quotes_survive(self):
        rows = self.pick("random", "--batch", 5, "--ids", self.folder / "ids.txt")
        for row in rows:
            self.assertEqual(row["id"], f'frame "{row["index"]}", left')

    def test_audit_trail_names_inputs_and_settings(self):
        self.pick("badge", "--batch", 12, "--seed", 9)
        audit = json.loads((self.folder / "picks.json").read_text())
        self.assertEqual(audit["settings"]["strategy"], "badge")
        self.assertEqual(audit["settings"]["seed"], 9)
        self.assertEqual(audit["settings"]["labeled"], 3)
        self.assertEqual(audit["inputs"]["embeddings"]["sha256"],
                         hashlib.sha256(self.embeddings.read_bytes()).hexdigest())
        self.assertGreater(audit["peak_rss_bytes"], 0)
        self.assertGreaterEqual(audit["timings"]["select_seconds"], 0)

    def test_masks_and_arrays_name_the_labelled_rows(self):
        expected = self.pick("entropy", "--batch", 7)
        write_npy(self.folder / "mask.npy", "?", (N,), [i in (3, 7, 150) for i in range(N)])
        write_npy(self.folder / "rows.npy", "q", (3,), [150, 3, 7])
        for name in ("mask.npy", "rows.npy"):
            self.assertEqual(self.pick("entropy", "--batch", 7, labeled=name), expected)

    def test_half_precision_embeddings(self):
        generator = random.Random(4)
        write_npy(self.folder / "H.npy", "e", (N, D), [generator.gauss(0, 1) for _ in range(N * D)])
        self.succeeds("pick", "--embeddings", self.folder / "H.npy", "--strategy", "k_center", "--batch", 9, "--out",
                      self.folder / "h.csv")

    def test_errors_name_the_place(self):
        base = ["pick", "--embeddings", self.embeddings, "--out", self.folder / "x.csv", "--batch", 5, "--strategy"]
        probabilities = [p for row in self.rows for p in row]

        def probs(change):
            values = list(probabilities)
            change(values)
            write_npy(self.folder / "bad.npy", "f", (N, C), values)
            return ["--probs", self.folder / "bad.npy"]

        def negative(values):
            values[5 * C] = -0.5

        def unnormalised(values):
            values[6 * C] += 0.5

        def not_a_number(values):
            values[7 * C] = math.nan

        self.fails("row 5", *base, "entropy", *probs(negative))
        self.fails("row 6", *base, "entropy", *probs(unnormalised))
        self.fails("row 7", *base, "entropy", *probs(not_a_number))
        self.fails("probabilities", *base, "entropy")
        for change, message in ((not_a_number, "pass 1, row 7"), (unnormalised, "pass 1, row 6")):
            values = list(probabilities)
            change(values)
            write_npy(self.folder / "passes.npy", "f", (2, N, C), probabilities + values)
            self.fails(message, *base, "bald", "--mc-probs", self.folder / "passes.npy")
        self.fails("k_center", *base, "kcenter")  # lists the known names
        write_npy(self.folder / "short.npy", "f", (N - 1, C), probabilities[C:])
        self.fails("199 rows", *base, "entropy", "--probs", self.folder / "short.npy")
        write_npy(self.folder / "nan.npy", "f", (2, 2), [0, 1, math.nan, 3])
        self.fails("row 1", "pick", "--embeddings", self.folder / "nan.npy", "--strategy", "k_center", "--batch", 1)
        self.fails("unlabelled", "pick", "--embeddings", self.embeddings, "--strategy", "random", "--batch", N + 1)
        for content, message in (("3\n200\n", "L2.txt:2] labelled index 200 is out of range"),
                                 ("3\n-1\n", "out of range"), ("3\n3\n", "twice"), ("3\nabc\n", "got 'abc'")):
            (self.folder / "L2.txt").write_text(content)
            self.fails(message, *base, "random", "--labeled", self.folder / "L2.txt")
        (self.folder / "cut.npy").write_bytes(self.embeddings.read_bytes()[:-4])
        self.fails("truncated", "pick", "--embeddings", self.folder / "cut.npy", "--strategy", "random", "--batch", 1)
        (self.folder / "few.txt").write_text("one\n")
        self.fails("1 lines", *base, "random", "--ids", self.folder / "few.txt")
        self.fails("none.npy", "pick", "--embeddings", self.folder / "none.npy", "--strategy", "random", "--batch", 1)
        self.fails("at least one of", "pick", "--strategy", "random", "--batch", 1)
        self.assertFalse((self.folder / "x.csv").exists())
        self.fails("audit trail", "pick", "--embeddings", self.embeddings, "--strategy", "random", "--batch", 1,
                   "--out", self.folder / "x.json")
        before = self.embeddings.read_bytes()
        self.fails("would be overwritten, which is read as --embeddings", "pick", "--embeddings", self.embeddings,
                   "--strategy", "random", "--batch", 1, "--out", self.embeddings)
        self.assertEqual(self.embeddings.read_bytes(), before)
        negative_batch = harness.goldpan(*base[:-3], "--batch", -5, "--strategy", "random")
        self.assertNotEqual(negative_batch.returncode, 0)
        self.assertIn("--batch: got -5, expected 0 or more", negative_batch.stderr)


if __name__ == "__main__":
    harness.main()
