#!/usr/bin/env python3
"""`goldpan evaluate` and `goldpan pick --predictions` as a user meets them."""
import csv
import json
import math
import random
import unittest

import harness
from harness import ProgramTest, write_npy


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


class MadeDetections(ProgramTest):
    """Sixty images with boxes of two categories, and what a detector that is half blind at night found in them."""

    def setUp(self):
        super().setUp()
        generator = random.Random(5)
        images, annotations, results = [], [], []
        for i in range(1, 61):
            images.append({"id": i, "file_name": f"{i:03}.jpg", "width": 640, "height": 480})
            for _ in range(generator.randrange(4)):
                box = [generator.uniform(0, 500), generator.uniform(0, 300), generator.uniform(10, 120),
                       generator.uniform(10, 120)]
                category = generator.choice([1, 2])
                annotations.append({"id": len(annotations) + 1, "image_id": i, "category_id": category, "bbox": box,
                                    "area": box[2] * box[3], "iscrowd": 0})
                # On even images, the night, the detector misses half of what there is.
                if i % 2 == 1 or generator.random() < 0.5:
                    moved = [x + generator.gauss(0, 2) for x in box]
                    results.append({"image_id": i, "category_id": category, "bbox": moved,
                                    "score": round(generator.random(), 2)})
        self.truth = self.folder / "truth.json"
        self.truth.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [
            {"id": 1, "name": "car"}, {"id": 2, "name": "person, walking"}]}))
        self.found = self.folder / "found.json"
        self.found.write_text(json.dumps(results))
        self.results = results
        (self.folder / "attributes.csv").write_text("id,timeofday\n" + "".join(
            f"{i:03},{'night' if i % 2 == 0 else 'daytime'}\n" for i in range(1, 61)))


class EvaluateTest(MadeDetections):
    def evaluate(self, *more):
        return self.succeeds("evaluate", "--truth", self.truth, "--predictions", self.found, *more)

    def test_slices_intervals_and_the_page(self):
        out = self.folder / "out"
        said = self.evaluate("--attributes", self.folder / "attributes.csv", "--by", "timeofday", "--slice",
                             "dark=timeofday=night", "--least-images", 20, "--bootstrap", 100, "--out", out).stdout
        self.assertIn("worst slice by its upper bound: timeofday=night", said)
        with open(out / "metrics.csv") as file:
            self.assertEqual(file.readline(), "metric,slice,class,value,ci_low,ci_high,images\n")
        rows = rows_of(out / "metrics.csv")
        self.assertEqual([row["metric"] for row in rows[:12]], [
            "AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large", "AR1", "AR10", "AR100", "AR_small", "AR_medium",
            "AR_large"])
        self.assertEqual({row["slice"] for row in rows}, {"all", "timeofday=night", "timeofday=daytime", "dark"})
        self.assertEqual({row["class"] for row in rows}, {"all", "car", "person, walking"})
        value = {(row["metric"], row["slice"], row["class"]): row for row in rows}
        night, day = value["AP50", "timeofday=night", "all"], value["AP50", "timeofday=daytime", "all"]
        self.assertLess(float(night["value"]), float(day["value"]))
        self.assertLessEqual(float(night["ci_low"]), float(night["value"]))
        self.assertEqual(night["images"], "30")
        self.assertEqual(value["AP", "dark", "all"]["value"], value["AP", "timeofday=night", "all"]["value"])
        page = (out / "evaluation.html").read_text()
        self.assertIn("timeofday=night", page)
        self.assertNotIn("src=\"http", page)

    def test_threads_change_nothing(self):
        for threads in (1, 3):
            self.evaluate("--bootstrap", 40, "--threads", threads, "--out", self.folder / str(threads))
        self.assertEqual((self.folder / "1/metrics.csv").read_bytes(), (self.folder / "3/metrics.csv").read_bytes())

    def test_labels(self):
        (self.folder / "t.csv").write_text("id,label\na,cat\nb,dog\nc,dog\nd,cat\n")
        (self.folder / "p.csv").write_text("id,label\nd,cat\nc,cat\nb,dog\na,cat\n")
        self.succeeds("evaluate", "--truth", self.folder / "t.csv", "--predictions", self.folder / "p.csv", "--out",
                      self.folder / "labels")
        value = {(row["metric"], row["class"]): row["value"] for row in rows_of(self.folder / "labels/metrics.csv")}
        self.assertEqual(value["accuracy", "all"], "0.75")
        self.assertEqual(value["recall", "dog"], "0.5")
        write_npy(self.folder / "t.npy", "q", (3,), [0, 1, 1])
        write_npy(self.folder / "p.npy", "f", (3, 2), [0.9, 0.1, 0.2, 0.8, 0.7, 0.3])
        self.succeeds("evaluate", "--truth", self.folder / "t.npy", "--predictions", self.folder / "p.npy", "--out",
                      self.folder / "arrays")
        self.assertAlmostEqual(float(rows_of(self.folder / "arrays/metrics.csv")[0]["value"]), 2 / 3)

    def test_refusals_name_the_place(self):
        self.results[3]["category_id"] = 9
        self.found.write_text(json.dumps(self.results))
        self.fails("found.json, record 3, byte", "evaluate", "--truth", self.truth, "--predictions", self.found)
        self.evaluate("--drop-unknown", "--bootstrap", 0)
        (self.folder / "twice.csv").write_text("id,x\n001,1\n001,2\n")
        self.fails("twice.csv:3] item '001' stands in line 2", "evaluate", "--truth", self.truth, "--predictions",
                   self.found, "--drop-unknown", "--attributes", self.folder / "twice.csv", "--by", "x")
        self.fails("no attribute 'weather'", "evaluate", "--truth", self.truth, "--predictions", self.found,
                   "--drop-unknown", "--by", "weather")


class PickBoxesTest(MadeDetections):
    def setUp(self):
        super().setUp()
        (self.folder / "L.txt").write_text("0\n5\n")
        generator = random.Random(1)
        write_npy(self.folder / "F.npy", "f", (len(self.results), 6),
                  [generator.gauss(0, 1) for _ in range(6 * len(self.results))])
        write_npy(self.folder / "E.npy", "f", (60, 4), [generator.gauss(0, 1) for _ in range(240)])

    def pick(self, *more, out="picks.csv"):
        self.succeeds("pick", "--predictions", self.found, "--truth", self.truth, "--labeled", self.folder / "L.txt",
                      "--out", self.folder / out, "--force", *more)
        return rows_of(self.folder / out), json.loads((self.folder / out).with_suffix(".json").read_text())

    def test_scores_are_right(self):
        def entropy(p):
            return sum(-x * math.log(x) for x in (p, 1 - p) if x > 0)
        expected = {i: 0.0 for i in range(60)}
        for result in self.results:
            if result["score"] >= 0.05:
                expected[result["image_id"] - 1] += entropy(result["score"])
        rows, audit = self.pick("--strategy", "entropy", "--aggregate", "sum", "--batch", 10, "--reserve", 0)
        best = sorted((i for i in range(60) if i not in (0, 5)), key=lambda i: (-expected[i], i))[:10]
        self.assertEqual([int(row["index"]) for row in rows], best)
        self.assertAlmostEqual(float(rows[0]["score"]), expected[best[0]], places=9)
        self.assertGreater(audit["score_and_boxes_correlation"], 0.5)

    def test_every_strategy_picks_a_batch(self):
        for strategy in ("entropy", "margin", "least_confidence", "ppal", "div_proto", "hybrid", "k_center", "random"):
            with self.subTest(strategy):
                more = ("--strategy", strategy, "--batch", 12, "--box-features", self.folder / "F.npy", "--embeddings",
                        self.folder / "E.npy")
                rows, _ = self.pick(*more)
                indices = [int(row["index"]) for row in rows]
                self.assertEqual(len(set(indices)), 12)
                self.assertFalse({0, 5} & set(indices))
                self.assertEqual(rows[0]["reason"], "reserve")
                again, _ = self.pick(*more, "--threads", 1, out="again.csv")
                self.assertEqual(rows, again)
        self.fails("needs class probabilities", "pick", "--predictions", self.found, "--truth", self.truth, "--strategy",
                   "badge", "--batch", 3)

    def test_budgets_in_boxes(self):
        rows, audit = self.pick("--strategy", "entropy", "--batch", 12, "--cost", "boxes", "--reserve", 0)
        boxes = sum(float(row["expected_boxes"]) for row in rows)
        self.assertLessEqual(boxes, 12)
        more, _ = self.pick("--strategy", "entropy", "--batch", len(rows) + 1, "--reserve", 0)
        self.assertGreater(sum(float(row["expected_boxes"]) for row in more), 12)
        _, mixed = self.pick("--strategy", "entropy", "--batch", 10, "--cost", "0.5+1*boxes", "--reserve", 0)
        self.assertAlmostEqual(mixed["cost"], 0.5 * mixed["images"] + mixed["expected_boxes"])
        self.fails("expected images, boxes", "pick", "--predictions", self.found, "--truth", self.truth, "--strategy",
                   "entropy", "--batch", 3, "--cost", "hours")

    def test_without_a_list_of_images(self):
        self.succeeds("pick", "--predictions", self.found, "--strategy", "entropy", "--batch", 5, "--out",
                      self.folder / "p.csv", "--force")
        self.assertEqual(len(rows_of(self.folder / "p.csv")), 5)
        (self.folder / "ids.txt").write_text("".join(f"{i}\n" for i in range(60, 0, -1)))
        self.succeeds("pick", "--predictions", self.found, "--ids", self.folder / "ids.txt", "--strategy", "entropy",
                      "--batch", 5, "--out", self.folder / "p.csv", "--force")
        for row in rows_of(self.folder / "p.csv"):
            self.assertEqual(int(row["id"]), 60 - int(row["index"]))


class MultilabelTest(ProgramTest):
    def test_sums_of_binary_entropies(self):
        generator = random.Random(2)
        values = [[generator.random() for _ in range(5)] for _ in range(40)]
        write_npy(self.folder / "P.npy", "f", (40, 5), [p for row in values for p in row])
        self.fails("sum", "pick", "--probs", self.folder / "P.npy", "--strategy", "entropy", "--batch", 5)
        self.succeeds("pick", "--probs", self.folder / "P.npy", "--strategy", "entropy", "--multilabel", "sum", "--batch",
                      5, "--reserve", 0, "--out", self.folder / "p.csv")
        def score(row):
            return sum(-p * math.log(p) - (1 - p) * math.log(1 - p) for p in row)
        best = sorted(range(40), key=lambda i: -score(values[i]))[:5]
        self.assertEqual([int(row["index"]) for row in rows_of(self.folder / "p.csv")], best)
        self.succeeds("pick", "--probs", self.folder / "P.npy", "--strategy", "margin", "--multilabel", "max", "--batch",
                      5, "--label-groups", "weather:0-2", "--out", self.folder / "p.csv", "--force")
        self.fails("two groups", "pick", "--probs", self.folder / "P.npy", "--strategy", "margin", "--multilabel", "max",
                   "--batch", 5, "--label-groups", "a:0-2,b:2-3")


if __name__ == "__main__":
    harness.main()
