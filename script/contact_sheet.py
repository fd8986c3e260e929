#!/usr/bin/env python3
"""Tiles images of a BDD100K-format folder into one picture: a row for each weather, from day to night.

    goldpan scenes --out outputs/scenes --images 4000
    script/contact_sheet.py outputs/scenes docs/images/scenes.jpg

Needs Pillow. Neighbouring tiles come from different drives (the part of a name before the dash).
"""
import argparse
import json
import pathlib

from PIL import Image, ImageDraw

WEATHERS = ["clear", "partly cloudy", "overcast", "rainy", "snowy", "foggy", "undefined"]
TIMES = ["daytime", "dawn/dusk", "night"]
CAPTION = 13


def frames(folder):
    """One frame a drive, from its middle: (path, weather, time of day)."""
    drives = {}
    for part in ("train", "val"):
        for entry in json.loads((folder / f"labels/det_20/det_{part}.json").read_text()):
            path = folder / "images/100k" / part / entry["name"]
            drives.setdefault(entry["name"].split("-")[0], []).append((path, entry["attributes"]))
    for name in sorted(drives):
        path, attributes = drives[name][len(drives[name]) // 2]
        yield path, attributes["weather"], attributes["timeofday"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--tile", type=int, default=200, help="width of a tile in pixels")
    parser.add_argument("--skip", type=int, default=0, help="leave out the first drives of each kind")
    arguments = parser.parse_args()

    by_kind = {}
    for path, weather, time in frames(arguments.folder):
        by_kind.setdefault((weather, time), []).append(path)
    width = arguments.tile
    height = width * 9 // 16
    sheet = Image.new("RGB", (arguments.columns * width, len(WEATHERS) * (height + CAPTION)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, weather in enumerate(WEATHERS):
        # Times of day take turns, as long as each has drives left; then they stand in order.
        queues = [by_kind.get((weather, time), [])[arguments.skip :] for time in TIMES]
        chosen = [[] for _ in TIMES]
        while sum(map(len, chosen)) < arguments.columns and any(queues):
            for queue, taken in zip(queues, chosen):
                if queue and sum(map(len, chosen)) < arguments.columns:
                    taken.append(queue.pop(0))
        column, top = 0, row * (height + CAPTION)
        for time, taken in zip(TIMES, chosen):
            for number, path in enumerate(taken):
                tile = Image.open(path).convert("RGB").resize((width, height), Image.LANCZOS)
                sheet.paste(tile, (column * width, top + CAPTION))
                if number == 0:
                    draw.text((column * width + 2, top), f"{weather}, {time}", fill="black")
                column += 1
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(arguments.out, quality=82)
    print(f"{arguments.out}: {sheet.width} x {sheet.height}, {arguments.out.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
