#!/usr/bin/env python3
"""`goldpan mine` as a user meets it."""
import csv
import json
import random
import shutil
import unittest

import harness
from harness import ProgramTest, write_npy


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


class MadePool(ProgramTest):
    """400 rows, a quarter of them rain at night, which lies apart in the embedding and where a model is often wrong.
    The first 200 are labelled."""

    def setUp(self):
        super().setUp()
        generator = random.Random(3)
        self.weather = [generator.choice(["rainy", "clear"]) for _ in range(400)]
        self.time = [generator.choice(["night", "day"]) for _ in range(400)]
        self.inside = [w == "rainy" and t == "night" for w, t in zip(self.weather, self.time)]
        labels = [generator.randrange(3) for _ in range(400)]
        self.rows = [[generator.gauss(0, 1) for _ in range(6)] for _ in range(400)]
        probs = []
        self.wrong = []
        for i in range(400):
            if self.inside[i]:
                self.rows[i][0] += 6
            guess = labels[i] if generator.random() < (0.4 if self.inside[i] else 0.95) else (labels[i] + 1) % 3
            if guess != labels[i]:
                self.wrong.append(i)
            p = [0.1, 0.1, 0.1]
            p[guess] = 0.8 - 0.2 * generator.random()
            probs.append([x / sum(p) for x in p])
        write_npy(self.folder / "E.npy", "f", (400, 6), [x for row in self.rows for x in row])
        write_npy(self.folder / "P.npy", "f", (400, 3), [x for row in probs for x in row])
        (self.folder / "labels.csv").write_text("id,label\n" + "".join(f"{i},{labels[i]}\n" for i in range(200)))
        # Nobody knows the weather of what is not labelled.
        (self.folder / "attributes.csv").write_text("id,weather,timeofday\n" + "".join(
            f"{i},{self.weather[i]},{self.time[i]}\n" for i in range(200)))

    def arguments(self, *more):
        return ("mine", "--embeddings", self.folder / "E.npy", "--truth", self.folder / "labels.csv", "--predictions",
                self.folder / "P.npy", "--attributes", self.folder / "attributes.csv", "--force", "--out",
                self.folder / "out/picks.csv", *more)

    def mine(self, *more):
        said = self.succeeds(*self.arguments(*more)).stdout
        picks = rows_of(self.folder / "out/picks.csv")
        return said, picks, json.loads((self.folder / "out/picks.json").read_text())

    def share_inside(self, picks):
        chosen = [self.inside[int(row["index"])] for row in picks if row["reason"] == "strategy"]
        return sum(chosen) / len(chosen)


class MineTest(MadePool):
    def test_every_miner_finds_the_slice_and_threads_change_nothing(self):
        for miner in ("distance", "herding", "badge", "random"):
            with self.subTest(miner):
                more = ("--slice", "weather=rainy,timeofday=night", "--miner", miner, "--batch", 20)
                _, picks, audit = self.mine(*more, "--threads", 1)
                indices = [int(row["index"]) for row in picks]
                self.assertEqual(len(set(indices)), 20)
                self.assertTrue(all(index >= 200 for index in indices))
                self.assertEqual([row["reason"] for row in picks[:2]], ["reserve", "reserve"])
                if miner != "random":
                    self.assertGreaterEqual(self.share_inside(picks), 0.8)
                self.assertEqual(self.mine(*more, "--threads", 3)[1], picks)
                self.assertEqual(audit["settings"]["miner"], miner)
                self.assertEqual(audit["slice"]["failures"], sum(i < 200 and self.inside[i] for i in self.wrong))
                self.assertIn("sha256", audit["inputs"]["predictions"])

    def test_distance_is_that_to_the_nearest_failure(self):
        _, picks, _ = self.mine("--slice", "weather=rainy & timeofday=night", "--batch", 15, "--reserve", 0)
        failures = [self.rows[i] for i in self.wrong if i < 200 and self.inside[i]]
        def near(i):
            return min(sum((a - b) ** 2 for a, b in zip(self.rows[i], f)) for f in failures)
        best = sorted(range(200, 400), key=near)[:15]
        self.assertEqual([int(row["index"]) for row in picks], best)
        self.assertAlmostEqual(-float(picks[0]["score"]), near(best[0]) ** 0.5, places=4)

    def test_the_worst_slice_by_its_upper_bound(self):
        said, picks, audit = self.mine("--worst-by", "weather+timeofday,weather", "--least-images", 20, "--batch", 10)
        self.assertEqual(audit["slice"]["name"], "weather=rainy & timeofday=night")
        inside = [i for i in range(200) if self.inside[i]]
        self.assertEqual(audit["slice"]["labeled_inside"], len(inside))
        self.assertAlmostEqual(audit["slice"]["slice"]["value"], 1 - sum(i in self.wrong for i in inside) / len(inside))
        self.assertIn(f"{len(inside)} labelled", said)
        self.assertGreaterEqual(self.share_inside(picks), 0.8)
        slices = rows_of(self.folder / "out/picks.slices.csv")
        self.assertEqual({row["slice"] for row in slices if row["metric"] == "accuracy"},
                         {"all", "weather=rainy", "weather=clear", "weather=rainy & timeofday=night",
                          "weather=rainy & timeofday=day", "weather=clear & timeofday=night",
                          "weather=clear & timeofday=day"})
        self.fails("no slice has 5000 labelled rows", *self.arguments("--worst-by", "weather", "--least-images", 5000))

    def test_slices_that_nobody_named(self):
        said = self.succeeds(*self.arguments("--clusters", 4)).stdout
        self.assertFalse((self.folder / "out/picks.csv").exists(), "only looking")
        clusters = rows_of(self.folder / "out/picks.clusters.csv")
        self.assertEqual(sorted(int(row["row"]) for row in clusters), list(range(200)))
        first = [row for row in clusters if row["cluster"] == "0"]
        self.assertLess(float(first[0]["p_holm"]), 0.05)
        self.assertIn(f"cluster 0: {first[0]['failures']} of {len(first)} got wrong", said)
        self.assertEqual(sum(row["failed"] == "1" for row in first), int(first[0]["failures"]))
        self.assertGreater(sum(self.inside[int(row["row"])] for row in first) / len(first), 0.9)
        _, picks, audit = self.mine("--worst-cluster", "--clusters", 4, "--batch", 20, "--miner", "herding")
        self.assertEqual(audit["slice"]["name"], "cluster 0")
        self.assertGreaterEqual(self.share_inside(picks), 0.8)

    def test_errors_stand_for_truth_and_predictions(self):
        (self.folder / "L.txt").write_text("".join(f"{i}\n" for i in range(200)))
        (self.folder / "wrong.txt").write_text("".join(f"{i}\n" for i in self.wrong if i < 200))
        self.succeeds("mine", "--embeddings", self.folder / "E.npy", "--labeled", self.folder / "L.txt", "--errors",
                      self.folder / "wrong.txt", "--attributes", self.folder / "attributes.csv", "--slice",
                      "weather=rainy,timeofday=night", "--batch", 15, "--out", self.folder / "e.csv")
        _, picks, _ = self.mine("--slice", "weather=rainy,timeofday=night", "--batch", 15)
        self.assertEqual(rows_of(self.folder / "e.csv"), picks)

    def test_refusals(self):
        self.fails("needs one of --slice, --worst-by", *self.arguments("--batch", 5))
        self.fails("expected one of --slice", *self.arguments("--batch", 5, "--slice", "a=b", "--worst-cluster"))
        self.fails("no attribute 'wether'", *self.arguments("--slice", "wether=rainy", "--batch", 5))
        self.fails("'weather=foggy' has no row", *self.arguments("--slice", "weather=foggy", "--batch", 5))
        self.fails("would be overwritten, which is read as --truth", "mine", "--embeddings", self.folder / "E.npy",
                   "--truth", self.folder / "labels.csv", "--predictions", self.folder / "P.npy", "--attributes",
                   self.folder / "attributes.csv", "--slice", "weather=rainy", "--batch", 5, "--out",
                   self.folder / "labels.csv")
        (self.folder / "bad.csv").write_text("id,label\n0,1\nnobody,2\n")
        self.fails("bad.csv:3] 'nobody' is not among the 400 rows", "mine", "--embeddings", self.folder / "E.npy",
                   "--truth", self.folder / "bad.csv", "--predictions", self.folder / "P.npy", "--clusters", 3)
        (self.folder / "names.csv").write_text("id,label\n0,cat\n1,dog\n")
        self.fails("expected classes spelt alike, or --classes", "mine", "--embeddings", self.folder / "E.npy",
                   "--truth", self.folder / "names.csv", "--predictions", self.folder / "P.npy", "--clusters", 3)
        self.succeeds("mine", "--embeddings", self.folder / "E.npy", "--truth", self.folder / "names.csv",
                      "--predictions", self.folder / "P.npy", "--classes", "cat,dog,cow", "--clusters", 1, "--out",
                      self.folder / "named.csv")
        self.fails("needs what the model gets wrong", "mine", "--embeddings", self.folder / "E.npy", "--clusters", 3)


class MineBoxesTest(ProgramTest):
    """Forty frames, of which the first thirty are labelled; at night the detector finds nothing."""

    def test_images_that_fail_are_those_below_the_mean(self):
        generator = random.Random(8)
        images, annotations, results, night = [], [], [], []
        for i in range(30):
            night.append(i % 3 == 0)
            images.append({"id": i + 1, "file_name": f"frames/{i:03}.jpg", "width": 640, "height": 480})
            box = [generator.uniform(0, 500), generator.uniform(0, 300), 60, 50]
            annotations.append({"id": i + 1, "image_id": i + 1, "category_id": 1, "bbox": box, "area": 3000,
                                "iscrowd": 0})
            if not night[i] or i % 2 == 0:
                results.append({"image_id": i + 1, "category_id": 1, "bbox": box, "score": 0.9})
        night += [i % 3 == 0 for i in range(30, 40)]
        (self.folder / "T.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": [
            {"id": 1, "name": "car"}]}))
        (self.folder / "R.json").write_text(json.dumps(results))
        write_npy(self.folder / "E.npy", "f", (40, 2), [x for i in range(40) for x in (i / 100, 5.0 * night[i])])
        (self.folder / "ids.txt").write_text("".join(f"frames/{i:03}.jpg\n" for i in range(40)))
        (self.folder / "attributes.csv").write_text("id,timeofday\n" + "".join(
            f"{i:03},{'night' if night[i] else 'day'}\n" for i in range(30)))
        out = self.folder / "picks.csv"
        self.succeeds("mine", "--embeddings", self.folder / "E.npy", "--ids", self.folder / "ids.txt", "--truth",
                      self.folder / "T.json", "--predictions", self.folder / "R.json", "--attributes",
                      self.folder / "attributes.csv", "--worst-by", "timeofday", "--least-images", 5, "--batch", 3,
                      "--reserve", 0, "--out", out)
        audit = json.loads((self.folder / "picks.json").read_text())
        self.assertEqual(audit["slice"]["name"], "timeofday=night")
        self.assertEqual(audit["slice"]["failures"], sum(night[i] and i % 2 == 1 for i in range(30)))
        self.assertEqual(sorted(int(row["index"]) for row in rows_of(out)), [30, 33, 36])
        self.assertEqual(rows_of(out)[0]["id"], "frames/030.jpg")
        self.fails("--probs] got none", "mine", "--embeddings", self.folder / "E.npy", "--ids",
                   self.folder / "ids.txt", "--truth", self.folder / "T.json", "--predictions", self.folder / "R.json",
                   "--attributes", self.folder / "attributes.csv", "--slice", "timeofday=night", "--miner", "badge",
                   "--batch", 3, "--force", "--out", out)


class MineScenesTest(ProgramTest):
    """From rendered frames to thumbnails."""

    def test_pictures_of_clusters_and_picks(self):
        embedded = self.folder / "embedded"
        self.succeeds("embed", "--data", "scenes:60", "--encoder", "patches", "--dim", 16, "--out", embedded)
        ids = (embedded / "ids.txt").read_text().split()
        (self.folder / "labels.txt").write_text("".join(f"{name}\n" for name in ids[:40]))
        (self.folder / "wrong.txt").write_text("".join(f"{name}\n" for name in ids[:12]))
        (self.folder / "a.csv").write_text("id,half\n" + "".join(
            f"{name},{'first' if i < 20 else 'second'}\n" for i, name in enumerate(ids[:40])))
        self.succeeds("mine", "--from", embedded, "--labeled", self.folder / "labels.txt", "--errors",
                      self.folder / "wrong.txt", "--attributes", self.folder / "a.csv", "--slice", "half=first",
                      "--clusters", 2, "--batch", 6, "--out", self.folder / "picks.csv")
        for name in ("picks.jpg", "picks.html", "picks.clusters.csv"):
            self.assertTrue((self.folder / name).stat().st_size > 0, name)


class RunMineTest(ProgramTest):
    """`goldpan run --mine` on rendered frames, with labels and with boxes."""

    def run_mine(self, out, *more):
        self.succeeds("run", "--data", f"scenes:240:{self.folder / 'scenes'}", "--encoder", "patches", "--dim", 8, "--mine",
                      "timeofday=night", "--budgets", "0.2,0.4", "--seeds", "1,2", "--out", self.folder / out, *more)
        return rows_of(self.folder / out / "tables/slice_gains.csv")

    def test_the_slice_and_the_whole_are_compared(self):
        rows = self.run_mine("labels")
        self.assertEqual({(row["part"], row["against"]) for row in rows},
                         {(part, against) for part in ("slice", "whole") for against in ("random", "mine_distance")})
        self.assertEqual({row["strategy"] for row in rows if row["against"] == "random"},
                         {"mine_distance", "mine_herding", "mine_badge", "badge"})
        self.assertTrue(all(row["verdict"] for row in rows))
        self.assertIn("mean", {row["budget"] for row in rows})
        text = (self.folder / "labels/reflection.md").read_text()
        self.assertIn("## If distance mining of the slice were replaced by BADGE, what would change?", text)
        if shutil.which("gnuplot"):
            for ending in ("png", "svg"):
                self.assertTrue((self.folder / f"labels/figures/slice_gains.{ending}").stat().st_size > 0)
        # Resumed with everything there, and on one thread, it says the same.
        again = self.run_mine("again", "--threads", 1)
        self.assertEqual(again, rows)
        self.fails("no attribute 'wether'", "run", "--data", f"scenes:240:{self.folder / 'scenes'}", "--encoder",
                   "patches", "--dim", 8, "--mine", "wether=rainy", "--out", self.folder / "bad")

    def test_boxes(self):
        rows = self.run_mine("boxes", "--task", "detection", "--strategies", "random,mine_distance,mine_herding,mine_badge")
        values = [float(row["headline"]) for row in rows if row["part"] == "slice" and row["budget"] == "0.4"]
        self.assertEqual(len(values), 5)
        self.assertTrue(all(0 <= value <= 1 for value in values))


if __name__ == "__main__":
    harness.main()
