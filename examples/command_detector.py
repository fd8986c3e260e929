#!/usr/bin/env python3
"""A detector for `goldpan run --task detection --learner 'python3 examples/command_detector.py'`.

It shows what such a command is given and must leave behind, with nothing but Python's standard library. It learns where
objects of each category tend to be: the picture is cut into a grid, and of each category the cells that hold most of
its boxes become predictions, the same for every image, of that cell's mean box. Put your own training in its place.

    FOLDER/train.json         COCO: the labelled images and their boxes
    FOLDER/images.json        COCO: all images to predict, without boxes
    FOLDER/predictions.json   what this writes: COCO results, optionally with "probs", a number a category
"""
import collections
import json
import pathlib
import sys

GRID = 8
BOXES = 20


def main(folder):
    train = json.loads((folder / "train.json").read_text())
    sizes = {image["id"]: (image["width"], image["height"]) for image in train["images"]}
    cells = collections.defaultdict(list)  # (category, x, y) -> boxes as shares of the picture
    for annotation in train["annotations"]:
        width, height = sizes[annotation["image_id"]]
        x, y, w, h = annotation["bbox"]
        box = (x / width, y / height, w / width, h / height)
        cell = (annotation["category_id"], int((box[0] + box[2] / 2) * GRID), int((box[1] + box[3] / 2) * GRID))
        cells[cell].append(box)
    common = sorted(cells.items(), key=lambda item: (-len(item[1]), item[0]))[:BOXES]
    found = [(cell[0], [sum(side) / len(boxes) for side in zip(*boxes)], min(1.0, len(boxes) / len(sizes)))
             for cell, boxes in common]
    results = []
    for image in json.loads((folder / "images.json").read_text())["images"]:
        for category, (x, y, w, h), score in found:
            results.append({"image_id": image["id"], "category_id": category, "score": score,
                            "bbox": [x * image["width"], y * image["height"], w * image["width"], h * image["height"]]})
    (folder / "predictions.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
