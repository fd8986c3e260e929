"""A detector's predictions, as Ultralytics gives them: how good it is where, and which images to label next.

    python examples/detector_batch.py                         # BDD100K's validation boxes below $GOLDPAN_DATA, else made
    python examples/detector_batch.py --truth instances_val.json --predictions results.json --attributes weather.csv

With a real detector `--predictions` is what `as_coco_results(model.predict(paths))` below writes. Without one, a
detector is played: it misses small boxes, and more of them at night.
"""
import argparse
import csv
import json
import pathlib
import subprocess

import numpy as np

from goldpan import _program


def as_coco_results(results):
    """What Ultralytics' `model.predict` returns, as COCO results; files' names stand for numbers."""
    return [
        {"image_id": pathlib.Path(result.path).name, "category": result.names[int(cls)], "score": float(score),
         "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)]}
        for result in results
        for (x1, y1, x2, y2), score, cls in zip(result.boxes.xyxy, result.boxes.conf, result.boxes.cls)
    ]


class Boxes:
    def __init__(self, xyxy, conf, cls):
        self.xyxy, self.conf, self.cls = np.array(xyxy).reshape(-1, 4), np.array(conf), np.array(cls)


class Result:
    """The part of an Ultralytics result that is read above."""

    names = {0: "car", 1: "person"}

    def __init__(self, path, boxes):
        self.path, self.boxes = path, boxes


def play(folder, images):
    """Truth, attributes, and what a detector finds that misses small boxes, above all at night."""
    rng = np.random.default_rng(3)
    truth = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "person"}]}
    results, attributes = [], [("id", "timeofday")]
    for number in range(images):
        name, night = f"frame-{number:05d}.jpg", bool(rng.random() < 0.3)
        truth["images"].append({"id": number + 1, "file_name": name, "width": 1280, "height": 720})
        attributes.append((name, "night" if night else "daytime"))
        xyxy, conf, cls = [], [], []
        for _ in range(rng.poisson(4)):
            width, height = rng.uniform(10, 200, 2)
            x, y, kind = rng.uniform(0, 1000), rng.uniform(0, 500), int(rng.random() < 0.3)
            truth["annotations"].append({"id": len(truth["annotations"]) + 1, "image_id": number + 1, "category_id": kind + 1,
                                         "bbox": [x, y, width, height], "area": width * height, "iscrowd": 0})
            ease = min(width, height) / 200 - 0.4 * night
            if rng.random() < 0.45 + ease:
                shift = rng.normal(0, 4, 4)
                xyxy.append([x + shift[0], y + shift[1], x + width + shift[2], y + height + shift[3]])
                conf.append(float(np.clip(0.5 + ease / 2 + rng.normal(0, 0.1), 0.05, 0.99)))
                cls.append(kind)
        results.append(Result(f"pool/{name}", Boxes(xyxy, conf, cls)))
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "results.json").write_text(json.dumps(as_coco_results(results)))
    with open(folder / "attributes.csv", "w", newline="") as file:
        csv.writer(file).writerows(attributes)


def goldpan(*arguments):
    """The program, which lies in the package."""
    subprocess.run([_program.path(), *map(str, arguments)], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truth", type=pathlib.Path)
    parser.add_argument("--predictions", type=pathlib.Path)
    parser.add_argument("--attributes", type=pathlib.Path)
    parser.add_argument("--out", default="outputs/detector", type=pathlib.Path)
    parser.add_argument("--small", action="store_true", help="200 made images, as the tests run it")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if not (arguments.truth and arguments.predictions):
        play(arguments.out, 200 if arguments.small else 2000)
        arguments.truth, arguments.predictions = arguments.out / "truth.json", arguments.out / "results.json"
        arguments.attributes = arguments.out / "attributes.csv"

    by = ["--attributes", arguments.attributes, "--by", "timeofday"] if arguments.attributes else []
    goldpan("evaluate", "--truth", arguments.truth, "--predictions", arguments.predictions, *by, "--bootstrap", 200,
            "--out", arguments.out)
    # 300 boxes' worth of labelling, spent where many boxes are doubtful.
    goldpan("pick", "--predictions", arguments.predictions, "--truth", arguments.truth, "--strategy", "entropy",
            "--aggregate", "sum", "--cost", "boxes", "--batch", 60 if arguments.small else 300, "--out",
            arguments.out / "picks.csv", "--force")
    print(f"the page: {arguments.out}/evaluation.html; the batch: {arguments.out}/picks.csv")


if __name__ == "__main__":
    main()
