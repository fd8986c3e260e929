#!/usr/bin/env python3
"""How the cost of a selection grows with the pool (N), the batch (M) and the dimensions (D): runs `goldpan pick`
on made pools and writes a line for each run. docs/scaling.md was written from it.

    python bench/scaling/measure.py --goldpan build/release/apps/goldpan/goldpan --out scaling.csv
    python bench/scaling/plot.py scaling.csv scaling.png
    python bench/scaling/measure.py --goldpan ... --out ten_million.csv --rows 10000000 --dims 384 --batch 10000 \\
        --float16 --strategies entropy hybrid

The first form sweeps one of N, M and D at a time around 100,000 rows, 2,500 picks and 384 dimensions, with as many
labelled rows as picks. Time is that of the selection (reading and checking the arrays is in `read_seconds`), memory
the highest resident anonymous memory, sampled every 10 ms, and the peak with the pages of the mapped arrays.
Needs numpy.
"""
import argparse
import csv
import itertools
import json
import pathlib
import subprocess
import tempfile
import threading
import time

import numpy as np

CENTER = {"rows": 100_000, "batch": 2_500, "dims": 384}
SWEEPS = {"rows": [3_125, 6_250, 12_500, 25_000, 50_000, 100_000, 200_000, 400_000, 1_000_000],
          "batch": [78, 156, 312, 625, 1_250, 2_500, 5_000, 10_000],
          "dims": [48, 96, 192, 384, 768]}
# What takes minutes at the larger sizes is measured at smaller ones.
LIMITS = {"bait": {"rows": 12_500, "batch": 312, "dims": 192}, "epig": {"rows": 200_000},
          "typiclust": {"rows": 400_000}, "prob_cover": {"rows": 25_000}}
FIELDS = ["strategy", "rows", "batch", "dims", "classes", "labeled", "type", "threads", "select_seconds", "read_seconds",
          "anonymous_bytes", "peak_resident_bytes", "notes"]
CLASSES, PASSES = 10, 5


def make_pool(folder, rows, dims, half, seed=0):
    """Rows around 500 centers with a falling spectrum, as features of images have; probabilities over ten classes of
    which a few rows are unsure. Written a chunk at a time: a pool may be larger than memory."""
    rng = np.random.default_rng(seed)
    spectrum = (1 / np.sqrt(1 + np.arange(dims) / 8)).astype(np.float32)
    centers = rng.standard_normal((500, dims), np.float32) * spectrum
    e = np.lib.format.open_memmap(folder / "E.npy", "w+", np.float16 if half else np.float32, (rows, dims))
    p = np.lib.format.open_memmap(folder / "P.npy", "w+", np.float32, (rows, CLASSES))
    for begin in range(0, rows, 65_536):
        end = min(rows, begin + 65_536)
        e[begin:end] = centers[rng.integers(500, size=end - begin)] + rng.standard_normal(
            (end - begin, dims), np.float32) * spectrum
        z = np.exp(2 * rng.standard_normal((end - begin, CLASSES), np.float32))
        p[begin:end] = z / z.sum(1, keepdims=True)
    e.flush()
    p.flush()


def make_passes(folder, rows, seed=1):
    """K x N x C passes: the probabilities, shaken."""
    rng = np.random.default_rng(seed)
    p = np.load(folder / "P.npy", mmap_mode="r")
    m = np.lib.format.open_memmap(folder / "M.npy", "w+", np.float32, (PASSES, rows, CLASSES))
    for k in range(PASSES):
        q = p * np.exp(0.3 * rng.standard_normal(p.shape, np.float32))
        m[k] = q / q.sum(1, keepdims=True)
    m.flush()


def watch(process, peaks):
    """The highest RssAnon of a process while it runs."""
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status") as status:
                for line in status:
                    if line.startswith("RssAnon"):
                        peaks[0] = max(peaks[0], int(line.split()[1]) * 1024)
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.01)


def pick(args, folder, strategy, batch):
    out = folder / "picks.csv"
    command = [args.goldpan, "pick", "--embeddings", folder / "E.npy", "--probs", folder / "P.npy", "--labeled",
               folder / "L.npy", "--strategy", strategy, "--batch", batch, "--reserve", 0, "--threads", args.threads,
               "--no-hash", "--out", out]
    if strategy in ("bald", "epig"):
        command += ["--mc-probs", folder / "M.npy"]
    peaks = [0]
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True)
    watcher = threading.Thread(target=watch, args=(process, peaks))
    watcher.start()
    error = process.communicate()[1]
    watcher.join()
    if process.returncode != 0:
        raise SystemExit(f"{strategy}: {error.strip()}")
    audit = json.loads(out.with_suffix(".json").read_text())
    return {**audit["timings"], "anonymous_bytes": peaks[0], "peak_resident_bytes": audit["peak_rss_bytes"],
            "threads": audit["threads"], "notes": " ".join(audit["notes"])}


def points(args):
    """(rows, dims) of a pool -> the (strategy, batch) to run on it."""
    wanted = {}
    for strategy in args.strategies:
        if args.rows:
            wanted.setdefault((args.rows, args.dims), []).append((strategy, args.batch))
            continue
        limit = LIMITS.get(strategy, {})
        center = {axis: min(value, limit.get(axis, value)) for axis, value in CENTER.items()}
        seen = set()
        for axis, values in SWEEPS.items():
            for value in values:
                at = {**center, axis: value}
                key = tuple(at.values())
                if value > limit.get(axis, value) or key in seen:
                    continue
                seen.add(key)
                wanted.setdefault((at["rows"], at["dims"]), []).append((strategy, at["batch"]))
    return dict(sorted(wanted.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goldpan", required=True, help="the program")
    parser.add_argument("--out", required=True, help="CSV file")
    parser.add_argument("--rows", type=int, help="one size instead of the sweeps")
    parser.add_argument("--dims", type=int, default=CENTER["dims"])
    parser.add_argument("--batch", type=int, default=CENTER["batch"])
    parser.add_argument("--float16", action="store_true")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, of which the fastest counts")
    parser.add_argument("--folder", help="where the pools are made [the system's temporary folder]")
    parser.add_argument("--strategies", nargs="*", default=[
        "entropy", "bald", "epig", "k_center", "k_center_approximate", "badge", "badge_approximate", "hybrid",
        "typiclust", "prob_cover", "bait"])
    args = parser.parse_args()
    with open(args.out, "w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        for (rows, dims), runs in points(args).items():
            with tempfile.TemporaryDirectory(dir=args.folder) as name:
                folder = pathlib.Path(name)
                make_pool(folder, rows, dims, args.float16)
                if any(strategy in ("bald", "epig") for strategy, _ in runs):
                    make_passes(folder, rows)
                for batch, of_batch in itertools.groupby(sorted(runs, key=lambda run: run[1]), lambda run: run[1]):
                    labeled = min(batch, rows // 2)
                    np.save(folder / "L.npy", np.arange(labeled, dtype=np.int64) * rows // labeled)
                    for strategy, _ in of_batch:
                        best = min((pick(args, folder, strategy, batch) for _ in range(args.repeat)),
                                   key=lambda run: run["select_seconds"])
                        writer.writerow({"strategy": strategy, "rows": rows, "batch": batch, "dims": dims,
                                         "classes": CLASSES, "labeled": labeled,
                                         "type": "float16" if args.float16 else "float32", **best})
                        file.flush()
                        print(f"{strategy:22s} {rows:>9d} x {dims:<4d} {batch:>6d} picks {best['select_seconds']:9.3f} s "
                              f"{best['anonymous_bytes'] / 2**20:8.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
