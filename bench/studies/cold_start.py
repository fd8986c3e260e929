#!/usr/bin/env python3
"""First batches without a model: what each strategy is worth against random, from 10 labels to thousands.

    python bench/studies/cold_start.py --picker build/release/bench/studies/pick_rows --out cold.csv \\
        "CIFAR-10 lite0=embeddings.npy,labels.npy" "GTSRB patches=embeddings.npy,labels.npy,groups.npy"

Of each data set `--pool` rows are drawn as the pool and `--test` others as the test set (whole groups where groups are
given: tracks, drives), `--draws` times. Each strategy buys each budget at once; a linear head is trained on the
labels. Prints accuracy in % and the gain over random in points, mean over draws; docs/decisions/0222 was written from it.
Needs numpy and scikit-learn.
"""
import argparse
import csv
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression, RidgeClassifier

warnings.filterwarnings("ignore")
# Name in the table, strategy, options, whether the picks of a smaller batch begin those of a larger one.
RULES = [
    ("random", "random", [], False),
    ("MaxHerding h=1", "max_herding", ["radius=1"], True),
    ("MaxHerding h=0.7", "max_herding", ["radius=0.7"], True),
    ("MaxHerding h=0.5", "max_herding", ["radius=0.5"], True),
    ("k-means", "k_means", [], False),
    ("k-means, no limit", "k_means", ["max_clusters=1000000"], False),
    ("TypiClust", "typiclust", [], False),
    ("ProbCover", "prob_cover", [], True),
    ("ProbCover, raw rows", "prob_cover", ["unit_length=false"], True),
]
BUDGETS = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000]


def split(count, groups, pool, test, rng):
    """Rows of the pool and of the test set; no group in both."""
    if groups is None:
        order = rng.permutation(count)
        return np.sort(order[:pool]), order[pool:pool + test]
    names = rng.permutation(np.unique(groups))
    held = np.isin(groups, names[: len(names) // 4])
    train, out = rng.permutation(np.flatnonzero(~held)), rng.permutation(np.flatnonzero(held))
    return np.sort(train[:pool]), out[:test]


def picks(args, file, strategy, batch, seed, options):
    done = subprocess.run([args.picker, file, strategy, str(batch), str(seed), *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return np.array(done.stdout.split(), dtype=int)


def accuracy(args, x, y, test_x, test_y):
    if len(np.unique(y)) == 1:
        return float(np.mean(test_y == y[0]))
    if args.head == "ridge":
        model = RidgeClassifier(alpha=1 / args.c)
    else:
        model = LogisticRegression(C=args.c, max_iter=100, tol=1e-3)
    return float(model.fit(x, y).score(test_x, test_y))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", help="NAME=EMBEDDINGS.npy,LABELS.npy[,GROUPS.npy]")
    parser.add_argument("--picker", required=True)
    parser.add_argument("--out", default="cold_start.csv")
    parser.add_argument("--pool", type=int, default=8000)
    parser.add_argument("--test", type=int, default=3000)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--random", type=int, default=3, help="random batches a draw")
    parser.add_argument("--c", type=float, default=0.1, help="inverse penalty of the head")
    parser.add_argument("--head", default="logistic", choices=["logistic", "ridge"], help="ridge: seconds instead of minutes")
    parser.add_argument("--rules", nargs="*", help="only these names")
    args = parser.parse_args()
    rows = []
    for entry in args.data:
        name, files = entry.split("=", 1)
        files = files.split(",")
        x, y = np.load(files[0], mmap_mode="r"), np.load(files[1]).astype(int)
        groups = np.load(files[2]) if len(files) > 2 else None
        for draw in range(args.draws):
            pool, test = split(len(x), groups, args.pool, args.test, np.random.default_rng(draw))
            pool_x, test_x = np.asarray(x[pool], np.float32), np.asarray(x[test], np.float32)
            scale = np.sqrt((pool_x ** 2).mean())
            with tempfile.TemporaryDirectory() as folder:
                file = str(pathlib.Path(folder) / "pool.npy")
                np.save(file, pool_x)
                for rule, strategy, options, nested in RULES:
                    if args.rules and rule not in args.rules and rule != "random":
                        continue
                    largest = max(b for b in BUDGETS if b < len(pool))
                    whole = picks(args, file, strategy, largest, draw, options) if nested else None
                    for budget in (b for b in BUDGETS if b < len(pool)):
                        for seed in range(args.random if strategy == "random" else 1):
                            own = whole[:budget] if nested else picks(args, file, strategy, budget, 100 * draw + seed, options)
                            value = accuracy(args, pool_x[own] / scale, y[pool][own], test_x / scale, y[test])
                            rows.append([name, rule, budget, draw, seed, value])
                    print(name, draw, rule, flush=True)
    with open(args.out, "w", newline="") as out:
        csv.writer(out).writerows([["data", "rule", "budget", "draw", "seed", "accuracy"], *rows])
    table(rows)


def table(rows):
    for name in dict.fromkeys(row[0] for row in rows):
        mine = [row for row in rows if row[0] == name]
        budgets = sorted({row[2] for row in mine})
        mean = lambda rule, b: 100 * np.mean([r[5] for r in mine if r[1] == rule and r[2] == b])
        print(f"\n| {name} | " + " | ".join(map(str, budgets)) + " |\n|---" * 1 + "|---" * len(budgets) + "|")
        print("| random, % | " + " | ".join(f"{mean('random', b):.1f}" for b in budgets) + " |")
        for rule in dict.fromkeys(row[1] for row in mine):
            if rule != "random":
                gains = (mean(rule, b) - mean("random", b) for b in budgets)
                print(f"| {rule} | " + " | ".join(f"{gain:+.1f}" for gain in gains) + " |")


if __name__ == "__main__":
    main()
