#!/usr/bin/env python3
"""First batches without a model: what each strategy is worth against random, from 10 labels to thousands.

    python bench/studies/cold_start.py --picker build/release/bench/studies/pick_rows --out cold.csv \\
        "CIFAR-10 lite0=embeddings.npy,labels.npy" "GTSRB patches=embeddings.npy,labels.npy,groups.npy"

Of each data set `--pool` rows are drawn as the pool and `--test` others as the test set (whole groups where groups are
given: tracks, drives), `--draws` times. Each strategy buys each budget at once; a linear head is trained on the
labels. Prints accuracy in % and the gain over random in points, mean over draws, starred where a paired t-test over draws
shows it at the 5 % level after Holm's correction over the rules at a budget; docs/decisions/0222 was written from it.

    python bench/studies/cold_start.py --read cold.csv --figure cold.png

draws the figure of an earlier run's rows. Needs numpy, scipy and scikit-learn; the figure matplotlib.
"""
import argparse
import csv
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from scipy import stats
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
    ("rule", "auto", [], False),
    ("ProbCover", "prob_cover", [], False),
    ("ProbCover, raw rows", "prob_cover", ["unit_length=false"], False),
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
    if args.head == "ridge" or args.head == "mixed" and len(y) > 500:
        model = RidgeClassifier(alpha=1 / args.c)
    else:
        model = LogisticRegression(C=args.c, max_iter=100, tol=1e-3)
    return float(model.fit(x, y).score(test_x, test_y))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", help="NAME=EMBEDDINGS.npy,LABELS.npy[,GROUPS.npy]")
    parser.add_argument("--picker", help="build/release/bench/studies/pick_rows")
    parser.add_argument("--read", nargs="*", help="CSV files of earlier runs: no new ones")
    parser.add_argument("--figure", help="PNG or PDF to draw")
    parser.add_argument("--first-draw", type=int, default=0, help="number of the first draw: others than a rule was made on")
    parser.add_argument("--out", default="cold_start.csv")
    parser.add_argument("--pool", type=int, default=8000)
    parser.add_argument("--test", type=int, default=3000)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--random", type=int, default=3, help="random batches a draw")
    parser.add_argument("--c", type=float, default=0.1, help="inverse penalty of the head")
    parser.add_argument("--head", default="logistic", choices=["logistic", "ridge", "mixed"], help="ridge: seconds instead of minutes; mixed: ridge above 500 labels")
    parser.add_argument("--rules", nargs="*", help="only these names")
    args = parser.parse_args()
    rows = []
    for file in args.read or []:
        with open(file, newline="") as lines:
            rows += [[r["data"], r["rule"], int(r["budget"]), int(r["draw"]), int(r["seed"]), float(r["accuracy"])] for r in csv.DictReader(lines)]
    if args.read:
        table(rows)
        if args.figure:
            figure(rows, args.figure)
        return
    for entry in args.data:
        name, files = entry.split("=", 1)
        files = files.split(",")
        x, y = np.load(files[0], mmap_mode="r"), np.load(files[1]).astype(int)
        groups = np.load(files[2]) if len(files) > 2 else None
        for draw in range(args.first_draw, args.first_draw + args.draws):
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
    if args.figure:
        figure(rows, args.figure)


def gains(rows, rule, budget):
    """Of a rule over random, a draw each, in points."""
    means = {}
    for _, name, b, draw, _, value in rows:
        if b == budget and name in ("random", rule):
            means.setdefault(draw, {}).setdefault(name, []).append(100 * value)
    return [np.mean(m[rule]) - np.mean(m["random"]) for m in means.values() if rule in m and "random" in m]


def shown(rows, rules, budget):
    """The rules whose difference from random is shown: paired t-tests over draws, Holm's correction over the rules."""
    p = {}
    for rule in rules:
        values = gains(rows, rule, budget)
        if len(values) > 1 and np.std(values) > 0:
            p[rule] = stats.ttest_1samp(values, 0).pvalue
    found = set()
    for rank, rule in enumerate(sorted(p, key=p.get)):
        if p[rule] * (len(p) - rank) >= 0.05:
            break
        found.add(rule)
    return found


def figure(rows, path):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    names = list(dict.fromkeys(row[0] for row in rows))
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    fig, axes = plt.subplots(lines, columns, figsize=(4.1 * columns, 3 * lines), squeeze=False, layout="constrained")
    looks = {"rule": ("#000000", "-", 2.4), "k-means": ("#661100", "--", 1.4), "TypiClust": ("#117733", "-.", 1.4),
             "MaxHerding h=1": ("#88CCEE", "-", 1.4), "MaxHerding h=0.5": ("#332288", "--", 1.4), "ProbCover": ("#CC6677", ":", 1.6)}
    for axis, name in zip(axes.flat, names):
        mine = [row for row in rows if row[0] == name]
        budgets = sorted({row[2] for row in mine})
        axis.axhline(0, color="0.3", lw=2.2)
        for rule, (color, dash, width) in looks.items():
            if not any(row[1] == rule for row in mine):
                continue
            values = [gains(mine, rule, b) for b in budgets]
            middle = np.array([np.mean(v) for v in values])
            axis.plot(budgets, middle, dash, color=color, lw=width, label=rule)
            if rule == "rule":
                half = np.array([np.std(v, ddof=1) / np.sqrt(len(v)) if len(v) > 1 else 0 for v in values])
                axis.fill_between(budgets, middle - half, middle + half, color=color, alpha=0.15, lw=0)
        base = {b: 100 * np.mean([r[5] for r in mine if r[1] == "random" and r[2] == b]) for b in budgets}
        axis.set_xscale("log")
        axis.set_xticks(budgets, [f"{b:,}\n{base[b]:.0f}%" for b in budgets], fontsize=7)
        axis.minorticks_off()
        axis.set_title(name, fontsize=10)
        axis.grid(axis="y", color="0.85")
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
    for axis in axes.flat[len(names):]:
        axis.set_visible(False)
    for row in axes:
        row[0].set_ylabel("gain over random (points)", fontsize=8)
    handles = {label: handle for axis in axes.flat for handle, label in zip(*axis.get_legend_handles_labels())}
    fig.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), frameon=False, fontsize=8)
    fig.suptitle("First batches bought without a model, against random ones (accuracy of random below the labels)", fontsize=10)
    fig.savefig(path, dpi=130)


def table(rows):
    for name in dict.fromkeys(row[0] for row in rows):
        mine = [row for row in rows if row[0] == name]
        budgets = sorted({row[2] for row in mine})
        mean = lambda rule, b: 100 * np.mean([r[5] for r in mine if r[1] == rule and r[2] == b])
        print(f"\n| {name} | " + " | ".join(map(str, budgets)) + " |\n|---" * 1 + "|---" * len(budgets) + "|")
        print("| random, % | " + " | ".join(f"{mean('random', b):.1f}" for b in budgets) + " |")
        rules = [rule for rule in dict.fromkeys(row[1] for row in mine) if rule != "random"]
        verdicts = {b: shown(mine, rules, b) for b in budgets}
        for rule in rules:
            cells = (f"{mean(rule, b) - mean('random', b):+.1f}" + ("*" if rule in verdicts[b] else "") for b in budgets)
            print(f"| {rule} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
