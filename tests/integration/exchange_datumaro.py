#!/usr/bin/env python3
"""Our COCO, YOLO and CVAT files as another's reader sees them: Datumaro's counts must equal ours.

    pip install datumaro            # by hand: too large for the tests
    python tests/integration/exchange_datumaro.py build/release/apps/goldpan/goldpan

Writes 40 images with boxes of three classes, exports them in each format, and compares item by item.
"""
import collections
import csv
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "apps"))
goldpan = sys.argv.pop(1)
from exchange_test import write_png  # noqa: E402

import datumaro  # noqa: E402
from datumaro import AnnotationType, Dataset  # noqa: E402

CLASSES = ["car", "person", "traffic sign"]


def boxes_of(dataset):
    """Of each item by its name without ending: (class, x, y, width, height), rounded, sorted."""
    names = dataset.categories()[AnnotationType.label]
    found = {}
    for item in dataset:
        boxes = [a for a in item.annotations if a.type == AnnotationType.bbox]
        found[item.id] = sorted((names[box.label].name, *(round(v, 1) for v in box.get_bbox())) for box in boxes)
    return found


def compare(ours, theirs, separator):
    generator = random.Random(3)
    with tempfile.TemporaryDirectory(prefix="goldpan-datumaro-") as name:
        folder = pathlib.Path(name)
        wanted, lines = {}, ["id,label,x,y,width,height"]
        picks = ["rank,index,id,score,reason,inclusion_probability"]
        for i in range(40):
            id_ = f"drive{i % 4}{separator}frame_{i:03}.png"
            width, height = generator.randrange(40, 200), generator.randrange(40, 200)
            write_png(folder / "images" / id_, width, height)
            wanted[id_[:-4]] = []
            for _ in range(i % 5):
                x, y = generator.randrange(0, width - 20), generator.randrange(0, height - 20)
                w, h = generator.randrange(2, 20), generator.randrange(2, 20)
                label = generator.choice(CLASSES)
                lines.append(f"{id_},{label},{x},{y},{w},{h}")
                wanted[id_[:-4]].append((label, float(x), float(y), float(w), float(h)))
            wanted[id_[:-4]].sort()
            picks.append(f"{i},{i},{id_},0.5,strategy,")
        (folder / "boxes.csv").write_text("\n".join(lines) + "\n")
        (folder / "picks.csv").write_text("\n".join(picks) + "\n")
        out = folder / ours
        subprocess.run([goldpan, "export", "--picks", folder / "picks.csv", "--to", ours, "--kind", "boxes", "--classes",
                        ",".join(CLASSES), "--suggestions", folder / "boxes.csv", "--suggestions-format", "csv",
                        "--images", folder / "images", "--image-files", "copy", "--out", out], check=True,
                       stdout=subprocess.DEVNULL)
        got = boxes_of(Dataset.import_from(str(out), theirs))
    count = collections.Counter(label for boxes in got.values() for label, *_ in boxes)
    print(f"{ours}: {len(got)} items, {sum(map(len, got.values()))} boxes {dict(count)}: "
          f"{'equal' if got == wanted else 'NOT EQUAL'}")
    for key in sorted(set(got) | set(wanted)):
        if got.get(key) != wanted.get(key):
            print("  ", key, got.get(key), wanted.get(key))
            break
    return got == wanted


def main():
    # Datumaro's YOLO reader takes folders below images/ for subsets: ids without folders there.
    formats = (("coco", "coco", "/"), ("yolo", "yolo", "_"), ("cvat", "cvat", "/"))
    failed = sum(not compare(*format_) for format_ in formats)
    print(f"datumaro {datumaro.__version__}: {len(formats) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
