#!/usr/bin/env python3
"""The linear head against scikit-learn's converged LogisticRegression, on the same features.

    cmake --preset release -DGOLDPAN_BUILD_BENCHMARKS=ON
    cmake --build --preset release --target linear_head_fit
    python bench/peers/linear_head.py build/release/bench/peers/linear_head_fit EMBEDDINGS.npy LABELS.npy

The first rows are the pool, the others the test set; rows should be in random order. For each
budget it prints test accuracy and the CPU seconds of fit, of

- goldpan, as it comes;
- scikit-learn with C = 1 on the features as they are, and standardised;
- scikit-learn with goldpan's scaling and penalty and no dropout, and goldpan without dropout: the
  same optimum found by two programs.

Needs numpy and scikit-learn.
"""

import argparse
import os
import subprocess
import tempfile
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.linear_model import LogisticRegression


def goldpan(program, embeddings, labels, train, pool, *options):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "logits.npy")
        command = [program, embeddings, labels, str(train), str(pool), out, *map(str, options)]
        seconds = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return np.load(out).argmax(1), seconds


def scikit_learn(x, y, test, c):
    model = LogisticRegression(C=c, max_iter=5000, tol=1e-4)
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, y)
    seconds = time.process_time() - start
    return model.predict(test), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("embeddings")
    parser.add_argument("labels")
    parser.add_argument("--pool", type=float, default=0.8, help="share of the rows that is the pool")
    parser.add_argument("--budgets", default="0.05,0.25,1", help="shares of the pool, labelled")
    parser.add_argument("--weight-decay", type=float, default=0.03)
    arguments = parser.parse_args()

    x = np.load(arguments.embeddings).astype(np.float32)
    y = np.load(arguments.labels)
    pool = round(arguments.pool * len(x))
    test = y[pool:]
    print(f"{len(x)} x {x.shape[1]}, pool {pool}, test {len(test)}; test accuracy %, CPU seconds of fit")
    print("| labels | goldpan | sklearn, C=1, as is | sklearn, C=1, standardised "
          "| sklearn, goldpan's penalty | goldpan, no dropout |")
    print("|---|---|---|---|---|---|")
    for budget in map(float, arguments.budgets.split(",")):
        n = round(budget * pool)
        mean, deviation = x[:n].mean(0), x[:n].std(0)
        deviation[deviation == 0] = np.inf
        standard = (x - mean) / deviation
        # The scaling that the head chooses for columns in one unit; see InputScaling.
        target = np.clip(deviation / np.median(deviation), 1 / 32, 32)
        unit = standard * (target / np.sqrt((target**2).sum())).astype(np.float32)
        cells = [
            goldpan(arguments.program, arguments.embeddings, arguments.labels, n, pool),
            scikit_learn(x[:n], y[:n], x[pool:], 1),
            scikit_learn(standard[:n], y[:n], standard[pool:], 1),
            scikit_learn(unit[:n], y[:n], unit[pool:], 1 / arguments.weight_decay),
            goldpan(arguments.program, arguments.embeddings, arguments.labels, n, pool, 0,
                    arguments.weight_decay),
        ]
        row = " | ".join(f"{100 * (found == test).mean():.2f}, {seconds:.2f} s"
                         for found, seconds in cells)
        print(f"| {n} | {row} |", flush=True)


if __name__ == "__main__":
    main()
