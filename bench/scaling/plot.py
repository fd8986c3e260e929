#!/usr/bin/env python3
"""Draws what measure.py wrote: seconds against N, M and D, and memory against N.

    python bench/scaling/plot.py scaling.csv docs/images/scaling.png

Also prints the exponents: b in seconds ~ a * x^b, fitted over the upper half of each sweep. Needs matplotlib, pandas.
"""
import argparse

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import measure

matplotlib.use("Agg")
AXES = {"rows": "pool N", "batch": "picks M (as many labelled)", "dims": "dimensions D"}
STYLES = {"entropy": "tab:gray", "bald": "tab:cyan", "epig": "tab:olive", "k_center": "tab:blue", "badge": "tab:red",
          "hybrid": "tab:green", "typiclust": "tab:purple", "prob_cover": "tab:pink", "bait": "tab:brown"}


def sweep(table, strategy, axis):
    """The runs of a strategy that differ from its center in one axis only."""
    limit = measure.LIMITS.get(strategy, {})
    chosen = table[table.strategy == strategy]
    for other, value in measure.CENTER.items():
        if other != axis:
            chosen = chosen[chosen[other] == min(value, limit.get(other, value))]
    return chosen.sort_values(axis)


def exponent(x, y):
    half = x >= np.median(x)
    return np.polyfit(np.log(x[half]), np.log(y[half]), 1)[0] if half.sum() > 1 else float("nan")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table")
    parser.add_argument("figure")
    args = parser.parse_args()
    table = pd.read_csv(args.table)
    figure, axes = plt.subplots(2, 2, figsize=(11, 9), constrained_layout=True)
    axes = axes.ravel()
    print("| strategy | " + " | ".join(AXES.values()) + " | bytes a row |\n|---|" + "---|" * (len(AXES) + 1))
    for strategy in table.strategy.unique():
        colour = STYLES[strategy.removesuffix("_approximate")]
        line = "--" if strategy.endswith("_approximate") else "-"
        cells = []
        for panel, axis in zip(axes, AXES):
            runs = sweep(table, strategy, axis)
            panel.plot(runs[axis], runs.select_seconds, line, marker="o", ms=3.5, color=colour, label=strategy)
            cells.append(f"{exponent(runs[axis].to_numpy(float), runs.select_seconds.to_numpy()):.2f}")
        runs = sweep(table, strategy, "rows")
        axes[3].plot(runs.rows, runs.anonymous_bytes / 2**20, line, marker="o", ms=3.5, color=colour)
        slope = np.polyfit(runs.rows, runs.anonymous_bytes, 1)[0] if len(runs) > 1 else float("nan")
        print(f"| {strategy} | " + " | ".join(cells) + f" | {slope:.0f} |")
    for panel, label in zip(axes, [*AXES.values(), "pool N"]):
        panel.set(xscale="log", yscale="log", xlabel=label, ylabel="seconds")
        panel.grid(alpha=0.25, which="both", lw=0.5)
        panel.spines[["top", "right"]].set_visible(False)
    axes[3].set(ylabel="anonymous memory, MiB")
    dims = sorted(sweep(table, table.strategy.iloc[-1], "dims").dims.unique())
    axes[2].set_xticks(dims, [str(d) for d in dims])
    axes[2].minorticks_off()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False)
    figure.savefig(args.figure, dpi=130)


if __name__ == "__main__":
    main()
