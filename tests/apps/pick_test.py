#!/usr/bin/env python3
"""`goldpan pick` and `goldpan strategies` as a user meets them."""
import csv
import hashlib
import json
import math
import pickle
import random
import struct
import unittest
import zipfile

import harness
from harness import ProgramTest, Tensor, goldpan, write_npy, write_pt

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
                      "--out", self.folder / out, "--force", *more)
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
                          "--batch", 20, "--out", self.folder / "shards.csv", "--force")
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
                          "--strategy", "margin", "--batch", 20, "--out", self.folder / "shards.csv", "--force")
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
        self.fails("[--probs] got none", *base, "entropy", status=harness.USAGE)
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


    def test_what_is_there_is_kept(self):
        self.pick("random", "--batch", 5)
        before = (self.folder / "picks.csv").read_bytes()
        base = ["pick", "--embeddings", self.embeddings, "--strategy", "k_center", "--batch", 5, "--out",
                self.folder / "picks.csv"]
        self.fails("--force overwrites it", *base, status=harness.USAGE)
        self.assertEqual((self.folder / "picks.csv").read_bytes(), before)
        self.succeeds(*base, "--force")
        self.assertNotEqual((self.folder / "picks.csv").read_bytes(), before)

    def test_candidates_are_all_that_may_be_picked(self):
        (self.folder / "C.txt").write_text("".join(f"{i}\n" for i in range(20, 40)))
        rows = self.pick("k_center", "--batch", 20, "--candidates", self.folder / "C.txt")
        self.assertEqual({int(row["index"]) for row in rows}, set(range(20, 40)))
        audit = json.loads((self.folder / "picks.json").read_text())
        self.assertEqual(audit["settings"]["candidates"], 20)
        self.assertIn("candidates", audit["inputs"])
        (self.folder / "both.txt").write_text("7\n8\n")
        self.fails("names row 7, which is labelled", "pick", "--embeddings", self.embeddings, "--labeled",
                   self.folder / "L.txt", "--candidates", self.folder / "both.txt", "--strategy", "random", "--batch", 1)

    def test_features_stand_for_the_embeddings(self):
        generator = random.Random(8)
        features = [generator.gauss(0, 1) for _ in range(N * 3)]
        write_npy(self.folder / "F.npy", "f", (N, 3), features)
        given = ("--probs", self.folder / "P.npy", "--strategy", "badge", "--batch", 12)
        self.succeeds("pick", "--embeddings", self.embeddings, "--features", self.folder / "F.npy", *given, "--out",
                      self.folder / "a.csv")
        self.succeeds("pick", "--embeddings", self.folder / "F.npy", *given, "--out", self.folder / "b.csv")
        self.succeeds("pick", "--embeddings", self.embeddings, *given, "--out", self.folder / "c.csv")
        a, b, c = ((self.folder / f"{name}.csv").read_text() for name in "abc")
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)

    def test_targets_of_epig(self):
        (self.folder / "T.txt").write_text("1\n2\n9\n")
        rows = self.pick("epig", "--batch", 5, "--targets", self.folder / "T.txt", "--reserve", 0)
        self.assertNotEqual([row["score"] for row in rows],
                            [row["score"] for row in self.pick("epig", "--batch", 5, "--reserve", 0)])
        self.fails("goes with strategy epig", "pick", "--embeddings", self.embeddings, "--targets", self.folder / "T.txt",
                   "--strategy", "random", "--batch", 1, status=harness.USAGE)

    def test_cosine_is_euclid_on_rows_of_length_one(self):
        generator = random.Random(12)
        rows = [[generator.gauss(0, 1) for _ in range(4)] for _ in range(80)]
        # Powers of two change no direction, bit for bit.
        scales = [2.0 ** generator.randrange(-3, 4) for _ in rows]
        write_npy(self.folder / "long.npy", "f", (80, 4), [s * x for s, row in zip(scales, rows) for x in row])
        write_npy(self.folder / "short.npy", "f", (80, 4), [x for row in rows for x in row])
        picks = {}
        for name in ("long", "short"):
            for metric in ("euclidean", "cosine"):
                self.succeeds("pick", "--embeddings", self.folder / f"{name}.npy", "--strategy", "k_center", "--batch", 15,
                              "--reserve", 0, "--metric", metric, "--out", self.folder / "m.csv", "--force")
                picks[name, metric] = (self.folder / "m.csv").read_text()
        self.assertEqual(picks["long", "cosine"], picks["short", "cosine"])
        self.assertNotEqual(picks["long", "euclidean"], picks["long", "cosine"])
        self.fails("measures no distances", "pick", "--embeddings", self.embeddings, "--probs", self.folder / "P.npy",
                   "--strategy", "entropy", "--metric", "cosine", "--batch", 1, status=harness.USAGE)

    def test_near_duplicates_are_left_out(self):
        # Rows 2 i and 2 i + 1 point the same way; 0 is labelled, which leaves out 1.
        values = []
        for i in range(20):
            angle = i * 0.3
            for scale in (1, 2):
                values += [scale * math.cos(angle), scale * math.sin(angle)]
        write_npy(self.folder / "twins.npy", "f", (40, 2), values)
        (self.folder / "zero.txt").write_text("0\n")
        self.succeeds("pick", "--embeddings", self.folder / "twins.npy", "--labeled", self.folder / "zero.txt", "--dedup",
                      0.999, "--strategy", "random", "--batch", 19, "--out", self.folder / "d.csv")
        with open(self.folder / "d.csv", newline="") as file:
            self.assertEqual({int(row["index"]) for row in csv.DictReader(file)}, set(range(2, 40, 2)))
        self.assertIn("20 of 39 candidates are near-duplicates",
                      json.loads((self.folder / "d.json").read_text())["notes"][0])

    def test_archives_of_arrays(self):
        expected = self.pick("margin", "--batch", 10)
        write_npz(self.folder / "stored.npz", zipfile.ZIP_STORED, P=self.folder / "P.npy", E=self.embeddings)
        write_npz(self.folder / "packed.npz", zipfile.ZIP_DEFLATED, P=self.folder / "P.npy", E=self.embeddings)
        write_npz(self.folder / "one.npz", zipfile.ZIP_DEFLATED, arr_0=self.folder / "P.npy")
        for name in ("stored.npz:P", "packed.npz:P", "one.npz"):
            self.succeeds("pick", "--probs", self.folder / name, "--labeled", self.folder / "L.txt", "--strategy", "margin",
                          "--batch", 10, "--out", self.folder / "npz.csv", "--force")
            with open(self.folder / "npz.csv", newline="") as file:
                self.assertEqual(list(csv.DictReader(file)), expected, name)
        self.assertEqual(json.loads((self.folder / "npz.json").read_text())["inputs"]["probs"]["sha256"],
                         hashlib.sha256((self.folder / "one.npz").read_bytes()).hexdigest())
        base = ("--strategy", "margin", "--batch", 1)
        self.fails("holds 2 arrays (P, E), expected one to be named", "pick", "--probs", self.folder / "stored.npz", *base)
        self.fails("holds no array 'Q', expected one of P, E", "pick", "--probs", self.folder / "stored.npz:Q", *base)
        packed = (self.folder / "packed.npz").read_bytes()
        (self.folder / "cut.npz").write_bytes(packed[:-30])
        self.fails("cut.npz", "pick", "--probs", self.folder / "cut.npz:P", *base, status=harness.BAD_INPUT)
        (self.folder / "bad.npz").write_bytes(packed[:300] + bytes([packed[300] ^ 0xFF]) + packed[301:])
        self.fails("bad.npz", "pick", "--probs", self.folder / "bad.npz:P", *base, status=harness.BAD_INPUT)


    def test_tensors(self):
        expected = self.pick("margin", "--batch", 10, "--reserve", 0)
        flat = [p for row in self.rows for p in row]
        columns = [row[c] for c in range(C) for row in self.rows]
        plain = Tensor("FloatStorage", (N, C), (C, 1), struct.pack(f"<{N * C}f", *flat))
        files = {
            "one.pt": plain,
            "dict.pt:model.probs": {"epoch": 3, "name": "x", "loss": 0.5, "none": None,
                                    "model": {"probs": plain, "other": Tensor("LongStorage", (2,), (1,), bytes(16))}},
            "list.pt:1": [Tensor("FloatStorage", (0,), (1,), b""), plain],
            "transposed.pt": Tensor("DoubleStorage", (N, C), (1, N), struct.pack(f"<{N * C}d", *columns)),
            "part.pt": Tensor("FloatStorage", (N, C), (C, 1), struct.pack(f"<{N * C + 3}f", 7, 8, 9, *flat), offset=3),
        }
        for name, tensors in files.items():
            for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                write_pt(self.folder / name.partition(":")[0], tensors, compression=compression)
                self.succeeds("pick", "--probs", self.folder / name, "--labeled", self.folder / "L.txt", "--strategy",
                              "margin", "--batch", 10, "--reserve", 0, "--out", self.folder / "pt.csv", "--force")
                with open(self.folder / "pt.csv", newline="") as file:
                    self.assertEqual([row["index"] for row in csv.DictReader(file)], [row["index"] for row in expected], name)

    def test_bfloat16_and_other_byte_order(self):
        logits = [[(7 * i + 3 * c) % 32 / 4 for c in range(C)] for i in range(N)]  # exact in bfloat16
        flat = [z for row in logits for z in row]
        write_npy(self.folder / "z.npy", "f", (N, C), flat)
        halves = b"".join(struct.pack("<f", z)[2:] for z in flat)
        write_pt(self.folder / "bf16.pt", Tensor("BFloat16Storage", (N, C), (C, 1), halves))
        write_pt(self.folder / "big.pt", Tensor("FloatStorage", (N, C), (C, 1), struct.pack(f">{N * C}f", *flat)),
                 byte_order="big")
        texts = []
        for name in ("z.npy", "bf16.pt", "big.pt"):
            self.succeeds("pick", "--logits", self.folder / name, "--strategy", "entropy", "--batch", 20, "--out",
                          self.folder / "bf.csv", "--force")
            texts.append((self.folder / "bf.csv").read_text())
        self.assertEqual(texts[0], texts[1])
        self.assertEqual(texts[0], texts[2])

    def test_pickles_are_never_run(self):
        ran = self.folder / "ran"

        class Bomb:
            def __reduce__(self):
                return open, (str(ran), "w")

        with zipfile.ZipFile(self.folder / "bomb.pt", "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({"x": Bomb()}, protocol=2))
        base = ("--strategy", "margin", "--batch", 1)
        self.fails("expected tensors alone", "pick", "--probs", self.folder / "bomb.pt", *base, status=harness.BAD_INPUT)
        self.assertFalse(ran.exists())
        (self.folder / "old.pt").write_bytes(pickle.dumps([1]))
        self.fails("since PyTorch 1.6", "pick", "--probs", self.folder / "old.pt", *base)
        short = Tensor("FloatStorage", (N, C), (C, 1), bytes(4 * (N * C - 1)))
        write_pt(self.folder / "short.pt", short)
        self.fails("claims more values", "pick", "--probs", self.folder / "short.pt", *base)

    def test_damaged_tensors_are_refused(self):
        write_pt(self.folder / "good.pt", {"a": Tensor("FloatStorage", (8, 2), (2, 1), bytes(64))})
        good = (self.folder / "good.pt").read_bytes()
        generator = random.Random(5)
        for _ in range(20):
            damaged = bytearray(good)
            for _ in range(generator.randrange(1, 4)):
                damaged[generator.randrange(len(damaged))] = generator.randrange(256)
            (self.folder / "bad.pt").write_bytes(damaged[:generator.randrange(1, len(damaged) + 1)]
                                                 if generator.random() < 0.3 else damaged)
            status = goldpan("pick", "--logits", self.folder / "bad.pt", "--strategy", "random", "--batch", 1, "--out",
                             self.folder / "bad.csv", "--force").returncode
            self.assertIn(status, (0, harness.BAD_INPUT))


def write_npz(path, method, **arrays):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, file in arrays.items():
            archive.writestr(name + ".npy", file.read_bytes())


class StatusTest(ProgramTest):
    """docs/pipelines.md, the table of exit statuses."""

    def setUp(self):
        super().setUp()
        self.rows, _ = harness.write_clouds(self.folder, items=60)
        self.base = ("pick", "--embeddings", self.folder / "embeddings.npy", "--strategy", "k_center", "--out",
                     self.folder / "p.csv")

    def test_usage(self):
        for arguments in ((), ("pock",), ("pick",), (*self.base, "--batch", "x"), (*self.base, "--batch", 1, "--metric", "l1"),
                          (*self.base, "--batch", 61), (*self.base, "--batch", 1, "--reserve", 2),
                          (*self.base[:3], "--strategy", "kcenter", "--batch", 1),
                          (*self.base, "--batch", 1, "--option", "nothing=1"), ("run", "--reserve", "2"),
                          ("pick", "--strategy", "random", "--batch", 1)):
            self.assertEqual(goldpan(*arguments, cwd=self.folder).returncode, harness.USAGE, arguments)

    def test_bad_input(self):
        (self.folder / "bad.npy").write_text("no array")
        write_npy(self.folder / "nan.npy", "f", (2, 2), [0.0, 1.0, math.nan, 1.0])
        for arguments in (("pick", "--embeddings", self.folder / "bad.npy", "--strategy", "random", "--batch", 1),
                          ("pick", "--embeddings", self.folder / "nan.npy", "--strategy", "k_center", "--batch", 1),
                          (*self.base, "--batch", 1, "--labeled", self.folder / "none.txt"),
                          ("report", self.folder / "nowhere"), ("run", "--data", "npy:nowhere")):
            self.assertEqual(goldpan(*arguments, cwd=self.folder).returncode, harness.BAD_INPUT, arguments)

    def test_nothing_to_pick(self):
        (self.folder / "all.txt").write_text("".join(f"{i}\n" for i in range(60)))
        self.fails("nothing to pick from", *self.base, "--batch", 1, "--labeled", self.folder / "all.txt",
                   status=harness.NOTHING_TO_PICK)
        (self.folder / "none.txt").write_text("")
        self.fails("nothing to pick from", *self.base, "--batch", 1, "--candidates", self.folder / "none.txt",
                   status=harness.NOTHING_TO_PICK)
        self.assertFalse((self.folder / "p.csv").exists())

    def test_every_help_says_the_statuses(self):
        for command in ("run", "report", "embed", "pick", "evaluate", "strategies", "export", "import", "label", "scenes"):
            text = self.succeeds(command, "--help").stdout
            self.assertIn("3 nothing to pick", text, command)
            self.assertIn("--log", text, command)
        self.assertNotIn("--test-fraction TEXT", self.succeeds("run", "--help").stdout)

    def test_events(self):
        result = self.succeeds(*self.base, "--batch", 5, "--log", "json")
        events = [json.loads(line) for line in result.stderr.splitlines()]
        self.assertEqual(events[-1]["event"], "end")
        self.assertEqual(events[-1]["exit"], 0)
        self.assertTrue(any(event["event"] == "progress" for event in events), events)
        result = goldpan(*self.base, "--batch", 500, "--log", "json", "--force")
        events = [json.loads(line) for line in result.stderr.splitlines()]
        error = next(event for event in events if event["event"] == "error")
        self.assertEqual((error["status"], error["exit"], error["where"]), ("usage", 2, "--batch"))
        self.assertEqual(result.returncode, 2)
        result = goldpan("pick", "--log", "json")
        self.assertEqual(json.loads(result.stderr.splitlines()[0])["status"], "usage")

    def test_quiet(self):
        result = self.succeeds("run", "--data", f"npy:{self.folder}", "--out", self.folder / "out", "--strategies", "random",
                               "--seeds", 1, "--budgets", "0.5,1", "--quiet")
        self.assertEqual([line for line in result.stderr.splitlines() if "warning" not in line.lower()
                          and "gnuplot" not in line], [])


if __name__ == "__main__":
    harness.main()
