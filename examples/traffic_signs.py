"""Traffic signs filmed 30 frames a sign: what near-duplicates do to a labelling budget.

    python examples/traffic_signs.py                          # GTSRB below $GOLDPAN_DATA, else signs that it draws
    python examples/traffic_signs.py --data folder:/data/gtsrb --out outputs/signs

A frame beside one that is labelled teaches little. The same measurement twice: as it is, and with one frame a track,
which is what a person would do who knows of the tracks. Strategies that look at what is labelled already should find
most of that out by themselves.
"""
import argparse
import os
import pathlib
import struct
import zlib

import numpy as np

import goldpan

TRACK = "^(.+)_[0-9]+$"  # <class>/<track>_<frame>.jpg


def write_png(path, pixels):
    """H x W x 3 uint8, with the standard library alone."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def draw_signs(folder, classes=4, tracks=16, frames=6):
    """Discs, triangles, squares and bars of one colour a track, filmed while the car comes nearer."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:32, :32] - 15.5
    for cls in range(classes):
        (folder / "train" / f"sign{cls}").mkdir(parents=True, exist_ok=True)
        for track in range(tracks):
            colour, ground = rng.integers(60, 256, 3), rng.integers(0, 160, 3)
            dx, dy = rng.normal(0, 2, 2)
            for frame in range(frames):
                size = 5 + frame
                u, v = x - dx, y - dy
                shape = [u * u + v * v < size * size, (v > -size) & (abs(u) < (size - v) / 2) & (v < size),
                         (abs(u) < size) & (abs(v) < size), (abs(u) < size) & (abs(v) < size / 3)][cls % 4]
                pixels = np.where(shape[..., None], colour, ground) + rng.normal(0, 6, (32, 32, 3))
                write_png(folder / "train" / f"sign{cls}" / f"{track:05d}_{frame:05d}.png",
                          np.clip(pixels, 0, 255).astype(np.uint8))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder:DIR with DIR/train/CLASS/TRACK_FRAME.jpg")
    parser.add_argument("--out", default="outputs/signs", type=pathlib.Path)
    parser.add_argument("--small", action="store_true", help="signs that it draws, as the tests run it")
    arguments = parser.parse_args()
    real = pathlib.Path(os.environ.get("GOLDPAN_DATA", "data")) / "gtsrb"
    if arguments.data:
        data = arguments.data
    elif real.exists() and not arguments.small:
        data = f"folder:{real}"
    else:
        draw_signs(arguments.out / "drawn")
        data = f"folder:{arguments.out / 'drawn'}"

    small = {"seeds": [1, 2], "dim": 32} if arguments.small else {"seeds": [1, 2, 3, 4, 5]}
    found = {}
    for name, one_per_group in (("every frame", False), ("one frame a track", True)):
        out = arguments.out / name.replace(" ", "-")
        results = goldpan.run(data, out, groups=TRACK, one_per_group=one_per_group, encoder="patches",
                              strategies=["random", "margin", "k_center", "hybrid"],
                              budgets=[0.25, 0.5, 1] if arguments.small else [0.02, 0.05, 0.1, 0.25, 1],
                              cache=arguments.out / "cache", **small)
        pool = int(results.facts["pool_size"])
        curves = results.learning_curves
        for strategy in ("random", "hybrid"):
            row = curves[curves["strategy"] == strategy].iloc[0]
            found[name, strategy] = (round(row["budget"] * pool), row["accuracy_mean"])
        print(f"{name}: a pool of {pool} frames, {out}/report.html")
    for (name, strategy), (labels, accuracy) in found.items():
        print(f"  {name:<18} {strategy:<8} {labels:>6} labels: accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main()
