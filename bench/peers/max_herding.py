#!/usr/bin/env python3
"""MaxHerding: scikit-activeml's against ours, on the same rows, side by side in one run.

    python bench/peers/max_herding.py EMBEDDINGS.npy --picker build/release/bench/studies/pick_rows [--rows 4000] [--picks 200]

Prints seconds, the ratio (larger: ours is faster), and how many of the picks are the same.
"""
import argparse
import pathlib
import subprocess
import tempfile
import time

import numpy as np
from skactiveml.pool import MaxHerding


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("embeddings")
    parser.add_argument("--picker", required=True)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--picks", type=int, default=200)
    args = parser.parse_args()
    rows = np.asarray(np.load(args.embeddings, mmap_mode="r")[: args.rows], np.float32)
    with tempfile.TemporaryDirectory() as folder:
        file = str(pathlib.Path(folder) / "rows.npy")
        np.save(file, rows)
        begin = time.perf_counter()
        done = subprocess.run([args.picker, file, "max_herding", str(args.picks), "0", "radius=1"], capture_output=True,
                              text=True, check=True)
        ours = time.perf_counter() - begin
    begin = time.perf_counter()
    theirs_picks = MaxHerding(metric="rbf", metric_dict={"gamma": 1.0}, random_state=0).query(
        X=rows, y=np.full(len(rows), np.nan), batch_size=args.picks)
    theirs = time.perf_counter() - begin
    picks = np.array(done.stdout.split(), dtype=int)
    print(f"ours {ours:.2f} s (process and reading included), scikit-activeml {theirs:.2f} s: {theirs / ours:.1f}x; "
          f"{np.sum(picks == theirs_picks)} of {len(picks)} picks the same, in their places")


if __name__ == "__main__":
    main()
