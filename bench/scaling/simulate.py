#!/usr/bin/env python3
"""Simulates a selection by rounds on many workers: a discrete simulation of the protocol in docs/distributed.md.

    python bench/scaling/simulate.py                         # the table of docs/scaling.md
    python bench/scaling/simulate.py --check measured.csv    # against what distributed.py measured at 1, 2, 4 workers
    python bench/scaling/simulate.py --rows 1e9 --workers 512 --strategy k_center --latency 0.001 --straggle 0.2

A round: the coordinator sends each worker its request, one after the other through its own link; a worker computes, for
as long as its rows and a straggler's factor ask (lognormal, drawn anew each round); answers come back through the same
link; then the coordinator merges. A worker that fails in a round (exponential in the time it works) is made anew: it
reads its rows again, is sent what it missed, and answers. All must answer before the next round begins.
"""
import argparse
import csv
import heapq
import math
import os
import random

# Thread-seconds a row of 384 float16, from the table "Large pools" of docs/scaling.md (two threads): a + b x picks / 1,000.
# k-center: 47 s for 4M rows and 2,500 picks, 26 s for 1M and 10,000; BADGE: 1.4 s for 4M and 2,500, 4.8 s for 10M and 10,000.
KERNELS = {
    "random":    (0.0,    0.0),
    "entropy":   (4.0e-8, 0.0),
    "hybrid":    (4.0e-8, 0.0),
    "badge":     (6.0e-7, 3.5e-8),
    "k_center":  (1.4e-5, 3.8e-6),
}
SAME_COURSE = {"margin": "entropy", "least_confidence": "entropy", "bald": "entropy"}
# Of the hybrid on the coordinator: its k-center among 2 B candidates, thread-seconds a pick at 10,000 picks.
HYBRID_PICK = 7.6e-4
# The share of BADGE's draws that is kept: 1,000 picks of 2,000,000 rows took 253 rounds (docs/scaling.md).
KEPT = 1 / 16
# Checking a row for numbers that are not finite; reading it from the disk is beside it.
READ = 1.0e-7
DIMS, CLASSES, VALUE = 384, 10, 2  # float16


def rounds_of(strategy, rows, workers, picks, labeled, threads):
    """(name, bytes to each worker, bytes from each worker, share of the worker's compute, coordinator seconds)."""
    row = DIMS * VALUE
    census = ("census", 1, 80, 0.0, 0.0)
    if strategy == "random":
        return [census, ("places", 8 * picks / workers, 8 * picks / workers, 0.0, 1e-6 * picks)]
    if strategy in ("entropy", "hybrid"):
        listed = picks if strategy == "entropy" else 2 * picks
        scores = ("scores", 9, 16 * min(listed, rows / workers), 1.0, 2e-7 * listed * workers)
        if strategy == "entropy":
            return [census, scores]
        fetched = (2 * picks + labeled) / workers
        return [census, scores, ("embeddings", 8 * fetched, row * fetched, 0.0, HYBRID_PICK * picks / threads)]
    if strategy == "badge":
        gradient = 4 * (DIMS + CLASSES + 1)
        plan = [census, ("longest", 30, gradient, 0.5, 0.0)]
        left, draws, refreshed = picks, 8, 0
        plan.append(("refresh", gradient, 8 * rows / 512 / workers, 0.5, rows / 512 * 1e-9))
        while left > 0:
            kept = max(1, int(KEPT * draws))
            plan.append(("bounds", 8 * draws / workers, 2048 * draws / workers, 0.0, rows / 512 * 1e-9 * draws))
            plan.append(("gradients", 8 * draws / workers, gradient * draws / workers, 0.0, 1e-7 * (picks - left) * draws / 128))
            left, draws = left - kept, min(128, 2 * draws)
        return plan
    questions = k_center_rounds(picks, rows)
    each = max(1, math.ceil(picks / questions))
    plan = [census, ("labeled", 1, row * labeled / workers, 0.0, 0.0)]
    done, first = 0, True
    while done < picks:
        now = min(each, picks - done)
        names = 12 * (1.5 * 16384 / workers + 32)
        share = 0.5 if first else 0.5 / questions
        plan.append(("farthest", row * (labeled if first else each), names, share, 1e-7 * names / 12 * workers))
        plan.append(("values", 8 * each / workers, row * 4 * each / workers, 0.0, 2e-5 * now))
        done, first = done + now, False
    return plan


def read_bytes(strategy):
    """Of a row: embeddings, probabilities, or nothing."""
    values = DIMS * VALUE if strategy in ("hybrid", "badge", "k_center") else 0
    return values + (4 * CLASSES if strategy in ("entropy", "hybrid", "badge") else 0)


def k_center_rounds(picks, rows):
    """Questions for the farthest rows that `picks` take. distributed.py rounds counted 4, 5 and 6 for 1,000 picks of 10^5,
    10^6 and 2 x 10^6 rows; beyond, a line through these is an assumption."""
    return max(1, math.ceil(picks / 1000 * (4 + 1.5 * max(0.0, math.log10(rows) - 5))))


def simulate(args, strategy, rows, workers, rng, scale=1.0, read=True):
    """scale: of the kernels' seconds."""
    share = rows / workers
    per_row, per_pick = KERNELS[strategy]
    # Workers on one machine share its processors.
    crowd = max(1.0, workers * args.threads / args.cores) if args.cores else 1.0
    compute = scale * crowd * share * (per_row + per_pick * args.picks / 1000) / args.threads
    reading = share * max(READ / args.threads, read_bytes(strategy) / args.disk) if read else 0.0
    clock, sent, received, failures, missed = reading, 0.0, 0.0, 0, 0.0
    plan = rounds_of(strategy, rows, workers, args.picks, args.labeled, args.threads)
    for _, down, up, part, merging in plan:
        link = clock
        arrivals = []  # (time at which an answer is ready to be sent, worker)
        for worker in range(workers):
            link += args.latency / 20 + down / args.bandwidth  # what handing over a call costs, and its bytes
            work = compute * part * math.exp(rng.gauss(0, args.straggle)) if part else 0.0
            ready = link + args.latency + work
            busy = work + args.latency
            if args.failures > 0 and rng.random() < 1 - math.exp(-args.failures / 3600 * busy):
                failures += 1
                ready += args.restart + reading + missed / args.bandwidth + work + (compute if part else 0.0) * 0.5
            heapq.heappush(arrivals, (ready, worker))
            sent += down
        link = clock
        while arrivals:
            ready, _ = heapq.heappop(arrivals)
            link = max(link, ready + args.latency) + up / args.bandwidth
            received += up
        clock = link + merging
        missed += down
    return {"seconds": clock, "reading": reading, "rounds": len(plan), "bytes": sent + received, "failures": failures}


def check(args):
    """Fits one number for each strategy to what the fewest workers took (its kernels' speed on this machine), and
    predicts what more workers take: from the protocol, the link, and processors that are shared. The link's latency
    is what `random`, which computes nothing, took for its two rounds."""
    measured = {}
    with open(args.check, newline="") as file:
        for row in csv.DictReader(file):
            if int(row["kills"]) == 0:
                measured.setdefault((row["strategy"], int(row["workers"])), []).append(row)
    if not measured:
        raise SystemExit(f"{args.check} has no selections without kills")
    print("| strategy | workers | measured s | simulated s | ratio | rounds measured | simulated |")
    print("|---|---|---|---|---|---|---|")
    args.failures = 0.0
    calls = [float(row["select_seconds"]) / (2 * int(row["rounds"])) for (name, _), rows in measured.items()
             if name == "random" for row in rows]
    if calls:
        args.latency = max(1e-6, min(calls))
    for strategy in dict.fromkeys(name for name, _ in measured):
        course = SAME_COURSE.get(strategy, strategy)
        if course not in KERNELS:
            continue
        scale = None
        for workers in sorted(count for name, count in measured if name == strategy):
            rows = measured[strategy, workers]
            args.picks, args.labeled, args.threads = (int(rows[0][name]) for name in ("batch", "labeled", "threads"))
            pool = float(rows[0]["rows"])
            seconds = max(1e-3, sorted(float(row["select_seconds"]) for row in rows)[len(rows) // 2])

            def simulated(by):
                runs = [simulate(args, course, pool, workers, random.Random(seed), by, read=False) for seed in range(args.repeat)]
                return sum(run["seconds"] for run in runs) / len(runs), runs[0]["rounds"]

            if scale is None:  # the first, and what it is fitted to
                idle, whole = simulated(0.0)[0], simulated(1.0)[0]
                scale = max(0.0, (seconds - idle) / (whole - idle)) if whole > idle else 1.0
            got, count = simulated(scale)
            print(f"| {strategy} | {workers} | {seconds:.2f} | {got:.2f} | {got / seconds:.2f} | {rows[0]['rounds']} | {count} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, nargs="*", default=[1e8, 1e9])
    parser.add_argument("--workers", type=int, nargs="*", default=[8, 64, 512])
    parser.add_argument("--strategy", nargs="*", default=list(KERNELS))
    parser.add_argument("--picks", type=int, default=10_000)
    parser.add_argument("--labeled", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=16, help="of a worker")
    parser.add_argument("--latency", type=float, default=1e-3, help="seconds one way, a call of Ray included")
    parser.add_argument("--bandwidth", type=float, default=1.25e9, help="bytes a second of the coordinator's link")
    parser.add_argument("--disk", type=float, default=1e9, help="bytes a second that a worker reads its shards with")
    parser.add_argument("--straggle", type=float, default=0.2, help="sigma of the lognormal factor of a worker's work")
    parser.add_argument("--failures", type=float, default=0.01, help="of a worker in an hour of work")
    parser.add_argument("--restart", type=float, default=5.0, help="seconds until a new worker begins to read")
    parser.add_argument("--price", type=float, default=0.6, help="of a worker machine's hour")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--cores", type=int, default=0, help="that all workers share; 0: each has its own (with --check: those of this machine)")
    parser.add_argument("--check", help="a CSV that distributed.py compare wrote, of 1, 2 and 4 workers")
    args = parser.parse_args()
    if args.check:
        args.cores = args.cores or os.cpu_count()
        return check(args)
    print("| rows | workers | strategy | rounds | MB both ways | seconds | of them reading | machine hours | price |")
    print("|---|---|---|---|---|---|---|---|---|")
    for rows in args.rows:
        for workers in args.workers:
            for strategy in args.strategy:
                runs = [simulate(args, strategy, rows, workers, random.Random(seed)) for seed in range(args.repeat)]
                seconds = sum(run["seconds"] for run in runs) / len(runs)
                hours = seconds * workers / 3600
                print(f"| {rows:.0e} | {workers} | {strategy} | {runs[0]['rounds']} | {runs[0]['bytes'] / 1e6:,.0f} | {seconds:,.0f} | "
                      f"{runs[0]['reading']:,.0f} | {hours:.2f} | {hours * args.price:.2f} |")


if __name__ == "__main__":
    main()
