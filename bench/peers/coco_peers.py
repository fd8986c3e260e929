#!/usr/bin/env python3
"""Average precision beside pycocotools and faster-coco-eval, on made data.

    python bench/peers/coco_peers.py --goldpan build/release/apps/goldpan/goldpan equal --sets 200
    python bench/peers/coco_peers.py --goldpan build/release/apps/goldpan/goldpan speed

`equal` makes sets with crowds, stated areas, empty images and tied scores, and holds the twelve numbers against
pycocotools'. `speed` makes one of COCO val2017's size (5,000 images, 36,000 boxes, 100 detections an image) and runs each
program in a process of its own, the three in turn, `--rounds` times: medians of reading, of matching and measuring, of the
processor's seconds for both (of a Goldpan process as a whole; they matter where the machine is shared), of the process, and its
peak memory.
"""
import argparse
import contextlib
import csv
import io
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

AREAS_ROUND = 0.35


def make_set(seed, images, boxes, detections, categories, ties):
    """Truth and detections as COCO's two files. `boxes` and `detections` are means an image."""
    random = numpy.random.default_rng(seed)
    # Ids in no order, as in COCO's own files.
    image_ids = [int(i) for i in random.permutation(numpy.arange(1, 3 * images))[:images]]
    weights = 1 / numpy.arange(1, categories + 1)
    weights /= weights.sum()
    truth = {"images": [{"id": i, "file_name": f"{i:012}.jpg", "width": 640, "height": 480} for i in image_ids],
             "categories": [{"id": 2 * c + 1, "name": f"category {c}"} for c in range(categories)],
             "annotations": []}
    found = []
    for image in image_ids:
        count = 0 if random.random() < 0.1 else random.poisson(boxes / 0.9)
        sides = numpy.exp(random.normal(4.0, 1.0, (count, 2))).clip(2, 400)
        corners = random.uniform(0, 1, (count, 2)) * (numpy.array([640, 480]) - sides).clip(1, None)
        kinds = random.choice(categories, count, p=weights)
        for corner, side, kind in zip(corners, sides, kinds):
            box = [round(float(x), 2) for x in (*corner, *side)]
            truth["annotations"].append({
                "id": len(truth["annotations"]) + 1, "image_id": image, "category_id": 2 * int(kind) + 1, "bbox": box,
                "area": box[2] * box[3] * (float(random.uniform(AREAS_ROUND, 1)) if random.random() < 0.5 else 1.0),
                "iscrowd": int(random.random() < 0.04)})
        made = 0
        for corner, side, kind in zip(corners, sides, kinds):
            for _ in range(random.integers(0, 4)):
                shift = random.normal(0, 0.08, 4) * [*side, *side]
                box = numpy.array([*corner, *side]) + shift
                box[2:] = box[2:].clip(1, None)
                score = random.beta(4, 2)
                found.append((image, kind, box, score))
                made += 1
        for _ in range(max(0, int(detections) - made)):
            side = numpy.exp(random.normal(3.8, 1.0, 2)).clip(2, 400)
            corner = random.uniform(0, 1, 2) * [640, 480]
            kind = random.choice(categories, p=weights)
            found.append((image, kind, numpy.array([*corner, *side]), random.beta(1, 6)))
    results = [{"image_id": image, "category_id": 2 * int(kind) + 1, "bbox": [round(float(x), 2) for x in box],
                "score": round(float(score), 1 if ties else 5)} for image, kind, box, score in found]
    order = random.permutation(len(results))
    return truth, [results[i] for i in order]


def write_set(folder, truth, results):
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "results.json").write_text(json.dumps(results))


def goldpan_numbers(program, folder):
    run = subprocess.run([program, "evaluate", "--truth", folder / "truth.json", "--predictions", folder / "results.json",
                          "--bootstrap", "0", "--out", folder / "out"], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(run.stderr)
    with open(folder / "out" / "metrics.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["slice"] == "all" and row["class"] == "all"]
    return [float(row["value"]) for row in rows], run.stderr


def peer_numbers(name, folder):
    """The twelve numbers, the seconds of reading and of evaluating, and those of the processor for both."""
    if name == "pycocotools":
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    else:
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as COCOeval
    begin, cpu = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(folder / "truth.json"))
        with open(folder / "results.json") as file:
            results = json.load(file)
        found = truth.loadRes(results if results else numpy.zeros((0, 7)))
        read = time.perf_counter() - begin
        begin = time.perf_counter()
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(x) for x in evaluation.stats[:12]], read, time.perf_counter() - begin, time.process_time() - cpu


def equal(options):
    worst = 0.0
    for seed in range(options.sets):
        random = numpy.random.default_rng(1000 + seed)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_set(folder, *make_set(seed, int(random.integers(5, 60)), float(random.uniform(1, 9)),
                                        float(random.uniform(2, 130)), int(random.integers(1, 8)), seed % 2 == 0))
            numbers, _ = goldpan_numbers(options.goldpan, folder)
            expected, *_ = peer_numbers("pycocotools", folder)
        difference = max(abs(a - b) for a, b in zip(numbers, expected))
        worst = max(worst, difference)
        if len(numbers) != 12 or difference > 1e-12:
            sys.exit(f"set {seed}: {numbers}\nexpected {expected}")
        if seed % 20 == 19:
            print(f"{seed + 1} sets, {worst:.1e}", file=sys.stderr, flush=True)
    print(f"{options.sets} sets: the twelve numbers differ by {worst:.1e} at most")


def measure_peer(name, folder):
    script = (f"import sys, json, resource, pathlib; sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r}); "
              f"import coco_peers; numbers, read, evaluate, cpu = coco_peers.peer_numbers({name!r}, pathlib.Path({str(folder)!r})); "
              "print(json.dumps([numbers, read, evaluate, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))")
    begin = time.perf_counter()
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    if run.returncode != 0:
        return None
    numbers, read, evaluate, cpu, memory = json.loads(run.stdout.strip().splitlines()[-1])
    return {"numbers": numbers, "read": read, "evaluate": evaluate, "memory": memory, "cpu": cpu,
            "all": time.perf_counter() - begin}


def measure_goldpan(program, folder):
    begin = time.perf_counter()
    process = subprocess.Popen([program, "evaluate", "--truth", folder / "truth.json", "--predictions",
                                folder / "results.json", "--bootstrap", "0", "--out", folder / "out"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(said)
    seconds = re.search(r"read in ([\d.]+) s, matched and measured in ([\d.]+) s", said)
    with open(folder / "out" / "metrics.csv", newline="") as file:
        numbers = [float(row["value"]) for row in csv.DictReader(file) if row["slice"] == row["class"] == "all"]
    return {"numbers": numbers, "read": float(seconds[1]), "evaluate": float(seconds[2]),
            "memory": usage.ru_maxrss / 1024, "cpu": usage.ru_utime + usage.ru_stime, "all": time.perf_counter() - begin}


def speed(options):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        truth, results = make_set(7, options.images, 7.2, 100, 80, False)
        write_set(folder, truth, results)
        print(f"{len(truth['images'])} images, {len(truth['annotations'])} boxes, {len(results)} detections")
        runs = {name: [] for name in ("goldpan", "faster-coco-eval", "pycocotools")}
        for _ in range(options.rounds):
            runs["goldpan"].append(measure_goldpan(options.goldpan, folder))
            for peer in ("faster-coco-eval", "pycocotools"):
                runs[peer].append(measure_peer(peer, folder))
    middle = {}
    for name, measured in runs.items():
        if any(run is None for run in measured):
            print(f"{name}: not installed, or failed")
            continue
        middle[name] = {key: statistics.median(run[key] for run in measured)
                        for key in ("read", "evaluate", "cpu", "all", "memory")}
        own = middle["goldpan"]
        difference = max(abs(a - b) for a, b in zip(measured[0]["numbers"], runs["goldpan"][0]["numbers"]))
        print(f"{name:18}" + "".join(f" {key} {middle[name][key]:8.3f} s ({middle[name][key] / own[key]:6.1f}x)"
                                     for key in ("read", "evaluate", "cpu", "all"))
              + f" {middle[name]['memory']:6.0f} MiB, differs by {difference:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goldpan", required=True)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("equal").add_argument("--sets", type=int, default=200)
    measure = commands.add_parser("speed")
    measure.add_argument("--rounds", type=int, default=3)
    measure.add_argument("--images", type=int, default=5000)
    options = parser.parse_args()
    {"equal": equal, "speed": speed}[options.command](options)


if __name__ == "__main__":
    main()
