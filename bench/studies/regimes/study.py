#!/usr/bin/env python3
"""Which strategy in which regime: the study behind the rule of `--strategy auto`.

    python bench/studies/regimes/study.py run --goldpan build/release/apps/goldpan/goldpan --out runs \\
        "CIFAR-10 lite0=npy:cifar_lite0" "GTSRB patches=npy:gtsrb_patches;^(.+)_[0-9]+$"
    python bench/studies/regimes/study.py choose runs --made "CIFAR-10 lite0" "CIFAR-10 patches"
    python bench/studies/regimes/study.py table runs

`run` plays every strategy by itself over budgets from 20 labels on (what is behind ';' goes to --groups). `choose` reads
what the runs wrote: from the data sets of --made it takes the number of labels a class from which on the second strategy
is to follow the first, by the mean gain over random, and prints that rule's gains on the others, which had no part in it,
beside those of every strategy by itself. `table` prints gains over random with their verdicts. Needs Python alone.
"""
import argparse
import csv
import pathlib
import subprocess
import sys

STRATEGIES = "random,margin,badge,hybrid,uherding,max_herding,k_means"
OPTIONS = {"uherding": "uherding.radius=0.7", "max_herding": "max_herding.radius=0.7"}
BUDGETS = "20,50,100,200,400,800,1600"
THRESHOLDS = (0, 2, 5, 10, 20, 40, 80, 1e9)


def run(args):
    for entry in args.data:
        name, spec = entry.split("=", 1)
        spec, _, groups = spec.partition(";")
        command = [args.goldpan, "run", "--data", spec, "--out", str(args.out / name.replace(" ", "_")), "--strategies", args.strategies,
                   "--budgets", args.budgets, "--seeds", args.seeds]
        for strategy in set(args.strategies.split(",")) & set(OPTIONS):
            command += ["--option", OPTIONS[strategy]]
        if groups:
            command += ["--groups", groups]
        print(" ".join(command), flush=True)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def read(folder):
    """{data: {(strategy, labels): (gain, verdict)}}, {data: classes}, {data: {labels: accuracy of random}}."""
    gains, classes, random = {}, {}, {}
    for tables in sorted(folder.glob("*/tables")):
        name = tables.parent.name.replace("_", " ")
        with open(tables / "learning_curves.csv", newline="") as file:
            curves = list(csv.DictReader(file))
        labels = {row["budget"]: int(row["labels"]) for row in curves}
        random[name] = {int(row["labels"]): 100 * float(row["accuracy_mean"]) for row in curves if row["strategy"] == "random"}
        with open(tables / "budget_gains.csv", newline="") as file:
            gains[name] = {(row["strategy"], labels[row["budget"]]): (float(row["gain_mean"]), row["verdict"]) for row in csv.DictReader(file)}
        with open(tables / "class_counts.csv", newline="") as file:
            classes[name] = len({row["class"] for row in csv.DictReader(file)})
    if not gains:
        sys.exit(f"{folder}: no run has tables there")
    return gains, classes, random


def strategies_of(gains):
    return list(dict.fromkeys(strategy for cells in gains.values() for strategy, _ in cells))


def of_rule(cells, classes, first, then, threshold):
    """Gains of `first` below so many labels a class and of `then` from there on. What is chosen at a budget is chosen
    with the labels of the budget before it."""
    budgets = sorted({labels for _, labels in cells})
    out = []
    for before, labels in zip([0, *budgets], budgets):
        name = first if before / classes < threshold else then
        if (name, labels) in cells:
            out.append(cells[name, labels][0])
    return out


def mean(values):
    return sum(values) / len(values) if values else float("nan")


def choose(args):
    gains, classes, _ = read(args.folder)
    made = args.made or sorted(gains)[::2]
    unknown = set(made) - set(gains)
    if unknown:
        sys.exit(f"--made: no run of {', '.join(sorted(unknown))}; there are {', '.join(gains)}")
    kept = [name for name in gains if name not in made]
    names = strategies_of(gains)
    found = []
    parts = [name for name in names if name != "auto"]  # the rule under study is no part of itself
    for first in parts:
        for then in parts:
            for threshold in THRESHOLDS:
                values = [value for name in made for value in of_rule(gains[name], classes[name], first, then, threshold)]
                found.append((mean(values), min(values), first, then, threshold))
    found.sort(key=lambda row: -row[0])
    print(f"Made on: {', '.join(made)}. The ten best of {len(found)} rules there, mean gain over random and worst cell in points:\n")
    print("| below | labels a class | from there on | mean | worst |\n|---|---|---|---|---|")
    for value, worst, first, then, threshold in found[:10]:
        print(f"| {first} | {threshold:g} | {then} | {value:+.2f} | {worst:+.2f} |")
    rules = {name: (name, name, 0) for name in names}
    if args.rule:
        first, then, threshold = args.rule.split(",")
    else:
        _, _, first, then, threshold = found[0]
    rules[f"{first} below {float(threshold):g} a class, then {then}"] = (first, then, float(threshold))
    for title, group in (("made on", made), ("kept out", kept)):
        if not group:
            continue
        print(f"\n| {title} | " + " | ".join(group) + " | mean |\n|---" + "|---" * (len(group) + 1) + "|")
        for label, rule in rules.items():
            values = [of_rule(gains[name], classes[name], *rule) for name in group]
            print(f"| {label} | " + " | ".join(f"{mean(v):+.2f} ({min(v):+.1f})" for v in values) + f" | {mean(sum(values, [])):+.2f} |")
    print("\nMean over budgets, in brackets the worst budget.")


def table(args):
    gains, classes, random = read(args.folder)
    for name, cells in gains.items():
        budgets = sorted(random[name])
        print(f"\n| {name}, {classes[name]} classes | " + " | ".join(map(str, budgets)) + " |\n|---" + "|---" * len(budgets) + "|")
        print("| random, % | " + " | ".join(f"{random[name][b]:.1f}" for b in budgets) + " |")
        for strategy in strategies_of({name: cells}):
            row = []
            for b in budgets:
                gain, verdict = cells.get((strategy, b), (float("nan"), ""))
                row.append(f"{gain:+.1f}" + ("*" if verdict in ("better", "worse") else ""))
            print(f"| {strategy} | " + " | ".join(row) + " |")
    print("\n*: shown, by the report's own test.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("run")
    one.add_argument("data", nargs="+", help="NAME=SPEC[;GROUPS]")
    one.add_argument("--goldpan", required=True)
    one.add_argument("--out", type=pathlib.Path, default=pathlib.Path("regimes"))
    one.add_argument("--strategies", default=STRATEGIES)
    one.add_argument("--budgets", default=BUDGETS)
    one.add_argument("--seeds", default="1,2,3")
    one.set_defaults(do=run)
    two = commands.add_parser("choose")
    two.add_argument("folder", type=pathlib.Path)
    two.add_argument("--made", nargs="*", help="data sets that the rule is made on; default: every other one")
    two.add_argument("--rule", help="FIRST,THEN,LABELS_A_CLASS to be held against the strategies, instead of the best found")
    two.set_defaults(do=choose)
    three = commands.add_parser("table")
    three.add_argument("folder", type=pathlib.Path)
    three.set_defaults(do=table)
    args = parser.parse_args()
    args.do(args)


if __name__ == "__main__":
    main()
