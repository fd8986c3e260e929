#!/usr/bin/env python3
"""BALD with its stochastic passes included: Goldpan's head and strategy against three ways of writing it in PyTorch.

    cmake --preset release -DGOLDPAN_BUILD_BENCHMARKS=ON
    cmake --build --preset release --target bald_passes
    python bench/peers/bald_passes.py build/release/bench/peers/bald_passes EMBEDDINGS.npy LABELS.npy LABELED.npy

- `one product`: a mask a pass, all passes as one product X [W_1 | ... | W_K]; the best we could write.
- `product a pass`: the same masks, one product and one softmax after the other, sums kept.
- `dropout layer`: `nn.Dropout` in training mode, a mask a sample, as the usual libraries run it (K forward passes,
  their probabilities kept).

Weights are random on PyTorch's side: they change no time. Every program has a process of its own, the runs take
turns, seconds are medians of passes and selection. Needs numpy and torch.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

import compare

KEEP = 0.9
PEERS = ("one product", "product a pass", "dropout layer")


def bald_score(torch, mean, mean_entropy):
    return -torch.xlogy(mean, mean).sum(-1) - mean_entropy


def one_product(torch, x, weights, bias, passes):
    masks = (torch.rand(passes, x.shape[1]) < KEEP) / KEEP
    together = (weights.T[None] * masks[:, :, None]).permute(1, 0, 2).reshape(x.shape[1], -1)
    p = torch.softmax((x @ together).view(len(x), passes, -1) + bias, -1)
    return bald_score(torch, p.mean(1), -torch.xlogy(p, p).sum(-1).mean(1))


def product_a_pass(torch, x, weights, bias, passes):
    mean, mean_entropy = 0, 0
    for _ in range(passes):
        mask = (torch.rand(x.shape[1]) < KEEP) / KEEP
        p = torch.softmax(torch.addmm(bias, x, (weights * mask).T), -1)
        mean, mean_entropy = mean + p / passes, mean_entropy - torch.xlogy(p, p).sum(-1) / passes
    return bald_score(torch, mean, mean_entropy)


def dropout_layer(torch, x, weights, bias, passes):
    head = torch.nn.Sequential(torch.nn.Dropout(1 - KEEP), torch.nn.Linear(x.shape[1], len(bias))).train()
    p = torch.stack([torch.softmax(head(x), -1) for _ in range(passes)], 1)
    return bald_score(torch, p.mean(1), -torch.xlogy(p, p).sum(-1).mean(1))


def child(args):
    import torch
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    e = np.load(args.embeddings)
    labeled = np.load(args.labeled)
    rows = np.setdiff1d(np.arange(len(e)), labeled)
    classes = int(np.load(args.labels).max()) + 1
    weights, bias = torch.randn(classes, e.shape[1]) / e.shape[1] ** 0.5, torch.zeros(classes)
    score = globals()[args.child.replace(" ", "_")]
    seconds = []
    with torch.no_grad():
        for _ in range(args.repeat):
            start = time.perf_counter()
            x = torch.from_numpy(e)[torch.from_numpy(rows)]
            torch.topk(score(torch, x, weights, bias, args.passes), args.batch)
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "peak": compare.peak_rss()}))


def run_goldpan(args):
    lines = subprocess.run(
        [args.program, args.embeddings, args.labels, args.labeled, *map(str, (
            args.passes, args.batch, args.threads, args.repeat))],
        check=True, capture_output=True, text=True).stdout.split()
    return {"seconds": [float(line) for line in lines[:-1]], "peak": int(lines[-1])}


def run_peer(args, name):
    command = [sys.executable, __file__, args.program, args.embeddings, args.labels, args.labeled, "--child", name]
    for option in ("passes", "batch", "threads", "repeat"):
        command += [f"--{option}", str(getattr(args, option))]
    environment = {**os.environ, "OMP_NUM_THREADS": str(args.threads), "MKL_NUM_THREADS": str(args.threads)}
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("embeddings")
    parser.add_argument("labels")
    parser.add_argument("labeled")
    parser.add_argument("--passes", type=int, default=20)
    parser.add_argument("--batch", type=int, default=2500)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=5, help="selections in each process")
    parser.add_argument("--rounds", type=int, default=3, help="times that the programs take turns")
    parser.add_argument("--child", choices=PEERS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args)
        return
    runs = {name: [] for name in ("goldpan", *PEERS)}
    for _ in range(args.rounds):
        for name in runs:
            runs[name].append(run_goldpan(args) if name == "goldpan" else run_peer(args, name))
    print("| by | seconds | times goldpan | peak MiB |\n|---|---|---|---|")
    medians = {name: statistics.median(s for run in of for s in run["seconds"]) for name, of in runs.items()}
    for name, of in runs.items():
        peak = max(run["peak"] for run in of) / 2**20
        print(f"| {name} | {medians[name]:.4f} | {medians[name] / medians['goldpan']:.1f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
