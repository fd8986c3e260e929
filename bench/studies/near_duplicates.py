#!/usr/bin/env python3
"""What near-duplicates do to every strategy: one panel a strategy, one curve a pool. docs/reflection.md was written
from it. Each folder is that of a `goldpan run` on the same data:

    goldpan run --data folder:gtsrb --groups "^(.+)_[0-9]+$" --seeds 1,2,3,4,5 --cache cache \\
        --budgets 0.01,0.033,0.1,0.25,0.5,1 --out all
    goldpan run ... --dedup 0.95 --budgets 0.02,0.068,0.2,0.5,1 --out dedup
    goldpan run ... --one-per-group true --budgets 0.1,0.25,0.5,1 --out one
    python bench/studies/near_duplicates.py docs/images/gtsrb_near_duplicates.png "every frame=all" \\
        "deduplicated at 0.95=dedup" "one frame a track=one"

Prints for every strategy and pool the accuracy where it holds `--labels` labels (between two budgets by interpolation
in the logarithm of the labels), and the share of the batch that reaches about `--twins` labels with a near twin in it.
Needs matplotlib, numpy and pandas.
"""
import argparse
import pathlib

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

matplotlib.use("Agg")
NAMES = {"k_center": "k-center", "badge": "BADGE", "bald": "BALD", "least_confidence": "least confidence"}
COLOURS = ["#1f3a6e", "#d1495b", "#2a9d8f", "#edae49"]


def at_labels(curve, labels):
    """Accuracy in % at a number of labels, or NaN outside the curve."""
    x = np.log(curve.labels.to_numpy())
    if not x[0] <= np.log(labels) <= x[-1]:
        return float("nan")
    return float(np.interp(np.log(labels), x, 100 * curve.accuracy_mean))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure")
    parser.add_argument("pools", nargs="+", help="NAME=FOLDER")
    parser.add_argument("--labels", type=int, nargs="*", default=[1000, 5000])
    parser.add_argument("--twins", type=int, default=3000, help="twins are counted in the batch that reaches about this")
    args = parser.parse_args()
    pools = dict(pool.rsplit("=", 1) for pool in args.pools)
    curves = {name: pd.read_csv(pathlib.Path(folder) / "tables/learning_curves.csv") for name, folder in pools.items()}
    batches = {name: pd.read_csv(pathlib.Path(folder) / "tables/batch_summary.csv") for name, folder in pools.items()}
    strategies = list(next(iter(curves.values())).strategy.unique())

    rows = -(-len(strategies) // 4)
    figure, axes = plt.subplots(rows, 4, figsize=(14, 3.3 * rows), sharex=True, sharey=True, constrained_layout=True)
    for panel, strategy in zip(axes.flat, strategies):
        for colour, (name, table) in zip(COLOURS, curves.items()):
            curve = table[table.strategy == strategy]
            mean, std = 100 * curve.accuracy_mean, 100 * curve.accuracy_std
            panel.plot(curve.labels, mean, color=colour, marker="o", ms=3, lw=1.5, label=name)
            panel.fill_between(curve.labels, mean - std, mean + std, color=colour, alpha=0.15, lw=0)
        if strategy != "random":
            first = next(iter(curves.values()))
            reference = first[first.strategy == "random"]
            panel.plot(reference.labels, 100 * reference.accuracy_mean, color="0.5", lw=1, ls=":",
                       label=f"random, {next(iter(curves))}")
        panel.set_title(NAMES.get(strategy, strategy), fontsize=10)
        panel.set_xscale("log")
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in list(axes.flat)[len(strategies):]:
        panel.axis("off")
    for panel in axes[-1]:
        panel.set_xlabel("labels bought")
    for panel in axes[:, 0]:
        panel.set_ylabel("test accuracy, %")
    figure.legend(*axes.flat[1].get_legend_handles_labels(), loc="outside lower center", ncols=len(pools) + 1,
                  frameon=False)
    figure.savefig(args.figure, dpi=130)

    print("| strategy | " + " | ".join(f"{name}: {labels:,} labels" for labels in args.labels for name in pools)
          + " | " + " | ".join(f"{name}: twins" for name in pools) + " |")
    print("|---|" + "---|" * (len(pools) * (len(args.labels) + 1)))
    for strategy in strategies:
        cells = [f"{at_labels(curves[name][curves[name].strategy == strategy], labels):.1f}"
                 for labels in args.labels for name in pools]
        for name in pools:
            of_strategy = batches[name][batches[name].strategy == strategy]
            nearest = (np.log(of_strategy.labels) - np.log(args.twins)).abs().idxmin()
            cells.append(f"{100 * of_strategy.redundancy_mean[nearest]:.0f} %")
        print(f"| {NAMES.get(strategy, strategy)} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
