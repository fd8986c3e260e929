#!/usr/bin/env python3
"""What selection from shards on many workers costs, and that it picks what one machine picks. docs/scaling.md was
written from it.

    python bench/scaling/distributed.py make POOL --rows 2000000 --shards 16 [--base embeddings.npy]
    python bench/scaling/distributed.py compare POOL --out compare.csv [--engine ray --workers 4 --tries 20]
    python bench/scaling/distributed.py rounds POOL --sizes 100000 1000000 --out rounds.csv
    python bench/scaling/distributed.py plot rounds.csv rounds.png

`make` writes shards of float16 embeddings (those of --base again and again, with noise; else made ones), class
probabilities and stochastic passes. `compare` selects by every strategy in one process from the shards, then on the
engine, then with workers killed at random meanwhile, writes each result to a file and compares the files byte for
byte. `rounds` counts k-center's rounds and bytes on the first rows of a pool. Needs the package goldpan and numpy
(and Ray for that engine, matplotlib for `plot`).
"""
import argparse
import csv
import filecmp
import os
import pathlib
import random
import signal
import tempfile
import threading
import time

import numpy as np

CLASSES, PASSES = 10, 3
NOISE_ROWS = 50_021
EXACT = ["random", "entropy", "margin", "least_confidence", "bald", "hybrid", "badge", "k_center", "dedup"]


def make(args):
    folder = pathlib.Path(args.pool)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(args.seed)
    if args.base:
        base = np.load(args.base).astype(np.float32)
    else:
        spectrum = (1 / np.sqrt(1 + np.arange(args.dims) / 8)).astype(np.float32)
        base = rng.standard_normal((40_000, args.dims), np.float32) * spectrum
    # Drawn once and shifted against the base, so that no sum repeats below two billion rows.
    noise = base.std(0) * args.noise * rng.standard_normal((NOISE_ROWS, base.shape[1]), np.float32)
    shaken = rng.standard_normal((NOISE_ROWS, CLASSES), np.float32)
    weights = rng.standard_normal((base.shape[1], CLASSES), np.float32) * 3 / np.sqrt((base ** 2).sum(1).mean())
    ends = np.linspace(0, args.rows, args.shards + 1).astype(int)
    for shard in range(args.shards):
        rows = np.arange(ends[shard], ends[shard + 1])
        e = np.empty((len(rows), base.shape[1]), np.float16)
        p = np.empty((len(rows), CLASSES), np.float32)
        m = np.empty((PASSES, len(rows), CLASSES), np.float32)
        for begin in range(0, len(rows), 65_536):
            some = slice(begin, min(len(rows), begin + 65_536))
            x = base[rows[some] % len(base)]
            x += noise[rows[some] % NOISE_ROWS]
            e[some] = x
            if args.embeddings_only:
                continue
            z = x @ weights
            for out, logits in [(p, z)] + [(m[k], z + shaken[(rows[some] * (k + 1)) % NOISE_ROWS]) for k in range(PASSES)]:
                q = np.exp(logits - logits.max(1, keepdims=True))
                out[some] = q / q.sum(1, keepdims=True)
        np.save(folder / f"e{shard:03d}.npy", e)
        if not args.embeddings_only:
            np.save(folder / f"p{shard:03d}.npy", p)
            np.save(folder / f"m{shard:03d}.npy", m)
        print(f"{folder}/e{shard:03d}.npy: {e.shape}", flush=True)


def inputs(args):
    folder = pathlib.Path(args.pool)
    files = {kind: sorted(map(str, folder.glob(f"{kind}[0-9]*.npy"))) for kind in "epm"}
    rows = sum(np.load(name, mmap_mode="r").shape[0] for name in files["e"])
    return files, rows, np.arange(args.labeled) * rows // max(1, args.labeled)


def write(path, picks):
    with open(path, "w") as file:
        if hasattr(picks, "kept"):
            file.writelines(f"{row}\n" for row in picks.representative)
            return
        for index, score in zip(picks.indices, picks.scores):
            file.write(f"{index},{float(score).hex()}\n")


class Killer(threading.Thread):
    """Kills workers at random until told to stop."""

    def __init__(self, engine, pause, seed):
        super().__init__(daemon=True)
        self.engine, self.pause, self.dice, self.kills, self.over = engine, pause, random.Random(seed), 0, threading.Event()

    def run(self):
        while not self.over.wait(self.dice.uniform(0, 2 * self.pause)):
            try:
                if hasattr(self.engine, "actors"):
                    import ray

                    ray.kill(self.dice.choice(self.engine.actors))
                else:
                    os.kill(self.dice.choice(self.engine.processes).pid, signal.SIGKILL)
                self.kills += 1
            except (IndexError, ProcessLookupError, AttributeError):
                continue  # none there yet, or being made anew


def compare(args):
    import goldpan
    from goldpan import distributed

    files, _, labeled = inputs(args)
    engines = {"ray": distributed.RayActors, "processes": distributed.Processes, "local": distributed.Local}
    given = {"e": files["e"], "probs": files["p"], "mc_probs": files["m"]}
    work = pathlib.Path(args.pool) / "picks"
    work.mkdir(exist_ok=True)
    rows = sum(np.load(name, mmap_mode="r").shape[0] for name in files["e"])
    fields = ["strategy", "engine", "rows", "batch", "labeled", "workers", "threads", "kills", "restarts", "same", "read_seconds", "seconds", "one_process_seconds",
              "select_seconds", "rounds", "bytes_sent", "bytes_received"]
    with open(args.out, "a", newline="") as out:
        writer = csv.DictWriter(out, fields)
        different = []
        if out.tell() == 0:
            writer.writeheader()
        for strategy in args.strategies:
            deduplicates = strategy == "dedup"
            needs = {"embeddings"} if deduplicates else next(
                info.needs for info in goldpan.strategies() if info.name == strategy)
            one = {name: given[name] for name in ("probs", "mc_probs") if name in needs}
            if "embeddings" in needs or not one:
                one["embeddings"] = files["e"]
            begin = time.monotonic()
            if deduplicates:
                expected = goldpan.dedup(files["e"], args.cosine, threads=2)
            else:
                expected = goldpan.select(strategy, **one, labeled=labeled, batch=args.batch, seed=1, reserve=args.reserve,
                                          threads=2)
            alone = time.monotonic() - begin
            write(work / f"{strategy}.one.csv", expected)
            parts = {name: given[name] for name in ("probs", "mc_probs") if name in needs}
            shards = files["e"] if "embeddings" in needs or not parts else None
            for attempt in range(1 + args.tries):
                kills = 0
                team = engines[args.engine](args.workers, args.threads)
                killer = Killer(team, args.pause or max(0.3, alone), attempt) if attempt else None
                if killer:
                    killer.start()
                begin = time.monotonic()
                how = {"engine": team, "threads": args.threads, "max_restarts": 50}
                if deduplicates:
                    got = distributed.dedup(shards, args.cosine, **how)
                else:
                    got = distributed.select(strategy, shards, args.batch, **parts, labeled=labeled, seed=1,
                                             reserve=args.reserve, **how)
                seconds = time.monotonic() - begin
                if killer:
                    killer.over.set()
                    killer.join()
                    kills = killer.kills
                write(work / f"{strategy}.many.csv", got)
                same = filecmp.cmp(work / f"{strategy}.one.csv", work / f"{strategy}.many.csv", shallow=False)
                if not same:
                    different.append(strategy)
                writer.writerow({"strategy": strategy, "engine": args.engine, "rows": rows, "batch": args.batch,
                                 "labeled": len(labeled), "workers": args.workers, "threads": args.threads, "kills": kills,
                                 "restarts": got.restarts, "same": same, "read_seconds": f"{getattr(got, 'read_seconds', 0):.3f}",
                                 "seconds": f"{seconds:.3f}", "select_seconds": f"{getattr(got, 'select_seconds', seconds):.3f}", "one_process_seconds": f"{alone:.3f}", "rounds": got.rounds,
                                 "bytes_sent": got.bytes_sent, "bytes_received": got.bytes_received})
                out.flush()
                print(f"{strategy:16s} kills {kills:2d} restarts {got.restarts:2d} same {same} {seconds:6.2f} s, "
                      f"one process {alone:6.2f} s, {got.rounds} rounds, "
                      f"{got.bytes_sent / 1e6:.1f} + {got.bytes_received / 1e6:.1f} MB", flush=True)
    if different:
        raise SystemExit(f"other picks than one process: {', '.join(dict.fromkeys(different))}")


def rounds(args):
    from goldpan import distributed

    with open(args.out, "a", newline="") as out:
        writer = csv.DictWriter(out, ["rows", "batch", "workers", "rounds", "bytes_sent", "bytes_received", "seconds"])
        if out.tell() == 0:
            writer.writeheader()
        files, all_rows, _ = inputs(args)
        each = np.load(files["e"][0], mmap_mode="r").shape[0]
        for size in args.sizes:
            if size > all_rows:
                raise SystemExit(f"{args.pool} has {all_rows} rows, not {size}")
            some = files["e"][: max(1, size // each)]
            if size < each:  # the first rows of one shard, cut for the workers
                values = np.load(files["e"][0], mmap_mode="r")[:size]
                folder = tempfile.TemporaryDirectory()
                some = []
                for i, part in enumerate(np.array_split(values, args.workers)):
                    some.append(f"{folder.name}/part{i}.npy")
                    np.save(some[-1], part)
            labeled = np.arange(args.labeled) * size // max(1, args.labeled)
            for batch in args.batches:
                got = distributed.select("k_center", some, batch, labeled=labeled, engine=args.engine, workers=args.workers,
                                         threads=args.threads)
                row = {"rows": size, "batch": batch, "workers": args.workers, "rounds": got.rounds,
                       "bytes_sent": got.bytes_sent, "bytes_received": got.bytes_received, "seconds": f"{got.select_seconds:.2f}"}
                writer.writerow(row)
                out.flush()
                print(row, flush=True)


def plot(args):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    table = list(csv.DictReader(open(args.table)))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    for batch in sorted({int(row["batch"]) for row in table}):
        of_batch = sorted((row for row in table if int(row["batch"]) == batch), key=lambda row: int(row["rows"]))
        x = [int(row["rows"]) for row in of_batch]
        left.semilogx(x, [int(row["rounds"]) for row in of_batch], "o-", label=f"{batch:,} picks")
        right.semilogx(x, [(int(row["bytes_sent"]) + int(row["bytes_received"])) / 1e6 for row in of_batch], "o-")
    left.set(xlabel="rows", ylabel="rounds", title="k-center: rounds")
    right.set(xlabel="rows", ylabel="MB, both ways, all workers", title="k-center: bytes")
    left.legend(frameon=False)
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.set_ylim(0)
    figure.tight_layout()
    figure.savefig(args.figure, dpi=130)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    sub = commands.add_parser("make")
    sub.add_argument("pool")
    sub.add_argument("--rows", type=int, default=2_000_000)
    sub.add_argument("--shards", type=int, default=16)
    sub.add_argument("--dims", type=int, default=384)
    sub.add_argument("--base", help="embeddings to repeat, .npy")
    sub.add_argument("--noise", type=float, default=0.3, help="in standard deviations of each column")
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--embeddings-only", action="store_true")
    for name in ("compare", "rounds"):
        sub = commands.add_parser(name)
        sub.add_argument("pool")
        sub.add_argument("--out", required=True)
        sub.add_argument("--engine", default="ray" if name == "compare" else "processes")
        sub.add_argument("--workers", type=int, default=4)
        sub.add_argument("--threads", type=int, default=1)
        sub.add_argument("--labeled", type=int, default=2_000)
        if name == "compare":
            sub.add_argument("--batch", type=int, default=1_000)
            sub.add_argument("--tries", type=int, default=3, help="selections with workers killed meanwhile")
            sub.add_argument("--pause", type=float, help="mean seconds between kills")
            sub.add_argument("--strategies", nargs="*", default=EXACT)
            sub.add_argument("--reserve", type=float, default=0.0)
            sub.add_argument("--cosine", type=float, default=0.95, help="of dedup")
        else:
            sub.add_argument("--sizes", type=int, nargs="*", default=[100_000, 1_000_000])
            sub.add_argument("--batches", type=int, nargs="*", default=[1_000])
    sub = commands.add_parser("plot")
    sub.add_argument("table")
    sub.add_argument("figure")
    args = parser.parse_args()
    {"make": make, "compare": compare, "rounds": rounds, "plot": plot}[args.command](args)


if __name__ == "__main__":
    main()
