"""Runs the same arrays through Goldpan and its peers, and prints time, peak memory and picks side by side.

    python bench/peers/compare.py --goldpan build/release/apps/goldpan/goldpan \\
        --embeddings E.npy --probs P.npy [--mc-probs M.npy] [--labeled L.npy] [--batch 2500]

Every run has a process of its own, so that peak memory is its own; time is that of the selection, without reading
the arrays. Medians of --repeat runs, of one run where it takes over --once seconds. A peer that is not installed, or takes longer than --limit, is reported so.
"""
import argparse
import csv
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import strategies


# What a peer imports, by the peer's name.
MODULES = {"scikit-activeml": ["skactiveml.base", "skactiveml.pool"], "torch": ["torch"], "faiss + numpy": ["faiss"],
           "scikit-learn + numpy": ["sklearn.cluster"]}


def load(args):
    labeled = np.load(args.labeled) if args.labeled else np.empty(0, np.int64)
    return strategies.Inputs(
        embeddings=np.ascontiguousarray(np.load(args.embeddings), np.float32),
        probabilities=np.load(args.probs),
        passes=np.load(args.mc_probs) if args.mc_probs else None,
        labeled=np.sort(labeled.astype(np.int64)), batch=args.batch, seed=args.seed)


def peak_rss():
    """Of this program alone: getrusage also counts what its parent had in memory when it started it."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def child(args):
    """One run of one peer; prints one line of JSON."""
    inputs = load(args)
    select = strategies.PEERS[args.strategy][args.child]
    try:
        for module in MODULES.get(args.child, []):  # loading it is not selecting
            importlib.import_module(module)
        start, cpu = time.perf_counter(), time.process_time()
        picks = select(inputs)
    except ImportError as error:
        print(json.dumps({"failed": f"not installed: {error.name}"}))
        return
    except MemoryError:
        print(json.dumps({"failed": "out of memory"}))
        return
    print(json.dumps({"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu,
                      "peak_rss_bytes": peak_rss(), "picks": np.asarray(picks).tolist()}))


def run_peer(args, strategy, name):
    environment = dict(os.environ)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[variable] = str(args.threads)
    command = [sys.executable, __file__, "--child", name, "--strategy", strategy] + common(args)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=args.limit, env=environment)
    except subprocess.TimeoutExpired:
        return {"failed": f"over {args.limit:g} s"}
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return {"failed": lines[-1][:60] if lines else f"status {done.returncode}"}
    return json.loads(done.stdout.strip().splitlines()[-1])


def run_goldpan(args, strategy):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "picks.csv")
        command = [args.goldpan, "pick", "--embeddings", args.embeddings, "--probs", args.probs, "--strategy", strategy,
                   "--batch", str(args.batch), "--seed", str(args.seed), "--reserve", "0", "--threads",
                   str(args.threads), "--out", out]
        if args.mc_probs and strategy in ("bald", "power_bald", "epig"):
            command += ["--mc-probs", args.mc_probs]
        if args.labeled:
            command += ["--labeled", args.labeled]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=args.limit)
        except subprocess.TimeoutExpired:
            return {"failed": f"over {args.limit:g} s"}
        if done.returncode != 0:
            return {"failed": (done.stderr.strip().splitlines() or ["?"])[-1][:60]}
        with open(os.path.join(folder, "picks.json")) as file:
            report = json.load(file)
        with open(out) as file:
            picks = [int(row["index"]) for row in csv.DictReader(file)]
        return {"seconds": report["timings"]["select_seconds"], "peak_rss_bytes": report["peak_rss_bytes"],
                "picks": picks}


def common(args):
    words = ["--embeddings", args.embeddings, "--probs", args.probs, "--batch", str(args.batch), "--seed",
             str(args.seed)]
    if args.mc_probs:
        words += ["--mc-probs", args.mc_probs]
    if args.labeled:
        words += ["--labeled", args.labeled]
    return words


def median_of(runs):
    failed = [run for run in runs if "failed" in run]
    if failed:
        return failed[0]
    return {"seconds": statistics.median(run["seconds"] for run in runs),
            "peak_rss_bytes": max(run["peak_rss_bytes"] for run in runs), "picks": runs[0]["picks"]}


def covering_radius(inputs, picks):
    """Largest distance from an unlabelled row to its nearest labelled row or pick."""
    e = inputs.embeddings
    centers = np.concatenate([inputs.labeled, picks])
    norms = (e * e).sum(1)
    near = np.full(len(e), np.inf)
    for begin in range(0, len(centers), 256):
        part = centers[begin:begin + 256]
        near = np.minimum(near, (norms[:, None] + norms[part] - 2 * e @ e[part].T).min(1))
    return float(np.sqrt(max(near.max(), 0.0)))


def potential(inputs, picks):
    """Sum over unlabelled rows of the squared distance of gradients to the nearest pick: what k-means++ lowers."""
    rows = inputs.unlabeled
    q, h = strategies.residuals(inputs, rows), inputs.embeddings[rows]
    norms = (q * q).sum(1) * (h * h).sum(1)
    at = np.searchsorted(rows, picks)
    near = np.full(len(rows), np.inf)
    for begin in range(0, len(at), 256):
        part = at[begin:begin + 256]
        near = np.minimum(near, (norms[:, None] + norms[part] - 2 * (q @ q[part].T) * (h @ h[part].T)).min(1))
    return float(np.maximum(near, 0).sum())


def quality(inputs, strategy, picks):
    if strategy in ("k_center", "hybrid", "prob_cover", "typiclust"):
        return f"radius {covering_radius(inputs, picks):.4g}"
    if strategy == "badge":
        return f"potential {potential(inputs, picks):.4g}"
    return ""


def report(args, inputs, strategy, writer):
    names = [name for name in strategies.PEERS.get(strategy, {}) if not args.peers or name in args.peers]
    results = {"goldpan": [], **{name: [] for name in names}}
    for _ in range(args.repeat):  # side by side: a machine that slows down slows all
        for name, runs in results.items():
            if not runs or ("failed" not in runs[-1] and runs[-1]["seconds"] < args.once):
                runs.append(run_goldpan(args, strategy) if name == "goldpan" else run_peer(args, strategy, name))
    results = {name: median_of(runs) for name, runs in results.items()}
    ours = results["goldpan"]
    for name, result in results.items():
        if "failed" in result:
            line = [strategy, name, result["failed"], "", "", "", "", ""]
        else:
            picks = np.array(result["picks"])
            both = "failed" not in ours
            line = [strategy, name, f"{result['seconds']:.4f}",
                    f"{result['seconds'] / ours['seconds']:.1f}" if both else "",
                    f"{result['peak_rss_bytes'] / 2**20:.0f}",
                    f"{result['peak_rss_bytes'] / ours['peak_rss_bytes']:.1f}" if both else "",
                    f"{len(np.intersect1d(picks, ours['picks'])) / len(picks):.3f}" if both else "",
                    quality(inputs, strategy, picks)]
        print("| " + " | ".join(line) + " |", flush=True)
        if writer:
            writer.writerow(line)


HEADER = ["strategy", "by", "seconds", "times_goldpan", "peak_mib", "times_goldpan_memory", "overlap", "quality"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goldpan", help="the program")
    parser.add_argument("--embeddings", required=True, help="N x D float32 .npy")
    parser.add_argument("--probs", required=True, help="N x C float32 .npy")
    parser.add_argument("--mc-probs", help="K x N x C float32 .npy, for bald and epig")
    parser.add_argument("--labeled", help="row numbers .npy")
    parser.add_argument("--batch", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds that a run may take")
    parser.add_argument("--once", type=float, default=30.0, help="what takes longer than this runs once only")
    parser.add_argument("--strategies", nargs="*", default=list(strategies.PEERS))
    parser.add_argument("--peers", nargs="*", help="only these")
    parser.add_argument("--out", help="CSV file")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--strategy", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args)
        return
    if not args.goldpan:
        parser.error("--goldpan is required")
    inputs = load(args)
    file = open(args.out, "w", newline="") if args.out else None
    writer = csv.writer(file) if file else None
    if writer:
        writer.writerow(HEADER)
    print("| " + " | ".join(HEADER) + " |\n|" + "---|" * len(HEADER))
    for strategy in args.strategies:
        if strategy in ("bald", "epig") and not args.mc_probs:
            print(f"| {strategy} | skipped: needs --mc-probs |||||||")
            continue
        report(args, inputs, strategy, writer)
    if file:
        file.close()


if __name__ == "__main__":
    main()
