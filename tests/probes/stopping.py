#!/usr/bin/env python3
"""Every command is told to stop, by SIGINT or SIGTERM, at random moments of long work.

    stopping.py PROGRAM [--rounds N] [--seed S] [--patience SECONDS]

Each ends within the patience by itself (status 130, or 0 or 1 where it was done), or by the signal. Anything else is a
fault. The strategies are those that `goldpan strategies` lists, on 24,000 rows. The standard library alone.
"""
import argparse
import array
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

from endurance import write_png

ROWS, DIMS, CLASSES, PASSES = 24_000, 24, 5, 4


def write_npy(path, kind, shape, values):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (
        {"f": "<f4", "q": "<i8"}[kind], "".join(f"{length}, " for length in shape))
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + array.array(kind, values).tobytes())


def distributions(generator, rows):
    values = []
    for _ in range(rows):
        row = [generator.random() ** 3 + 1e-3 for _ in range(CLASSES)]
        total = sum(row)
        values.extend(x / total for x in row)
    return values


def write_inputs(folder):
    generator = random.Random(2)
    labels = [generator.randrange(CLASSES) for _ in range(ROWS)]
    write_npy(folder / "embeddings.npy", "f", (ROWS, DIMS),
              (generator.gauss(2.0 * (i % DIMS == labels[i // DIMS]), 1) for i in range(ROWS * DIMS)))
    write_npy(folder / "labels.npy", "q", (ROWS,), labels)
    write_npy(folder / "probs.npy", "f", (ROWS, CLASSES), distributions(generator, ROWS))
    write_npy(folder / "passes.npy", "f", (PASSES, ROWS, CLASSES), distributions(generator, PASSES * ROWS))
    (folder / "labeled.txt").write_text("".join(f"{row}\n" for row in range(0, 500)))
    for i in range(150):
        write_png(folder / f"frames/{i:03}.png", 24, [generator.randrange(40, 190) for _ in range(3)], generator)
    names = [f"item{i}.jpg" for i in range(300_000)]
    for name, column in (("truth.csv", "label"), ("predicted.csv", "label")):
        (folder / name).write_text(f"id,{column}\n" + "".join(f"{n},class{generator.randrange(9)}\n" for n in names))
    (folder / "picks.csv").write_text("rank,index,id,score,reason,inclusion_probability\n"
                                      + "".join(f"{i},{i},{n},0.5,strategy,\n" for i, n in enumerate(names)))
    (folder / "labels.csv").write_text("id,label,annotator\n" + "".join(f"{n},class{i % 9},someone\n" for i, n in enumerate(names)))


def commands(program, folder):
    listed = subprocess.run([program, "strategies", "--markdown"], capture_output=True, text=True, check=True).stdout
    strategies = [line[3:] for line in listed.splitlines() if line.startswith("## ")]
    if len(strategies) < 15:
        raise SystemExit(f"read {len(strategies)} strategies from `goldpan strategies --markdown`, expected 15 at least")
    arrays = ["--embeddings", "embeddings.npy", "--probs", "probs.npy", "--mc-probs", "passes.npy", "--labeled", "labeled.txt"]
    yield from ((f"pick {name}", ["pick", *arrays, "--strategy", name, "--batch", "6000", "--out", "picked.csv", "--force"])
                for name in dict.fromkeys(strategies))
    run = ["run", "--data", f"npy:{folder}", "--strategies", "random,margin,badge,typiclust", "--seeds", "1,2", "--out", "run"]
    yield "run", run
    yield "run --dedup", [*run[:-1], "run-dedup", "--dedup", "0.8"]
    yield "run on scenes", ["run", "--data", f"scenes:2000:{folder / 'rendered'}", "--strategies", "random", "--out", "run-scenes"]
    yield "embed", ["embed", "--images", "frames", "--encoder", "patches", "--out", "embedded"]
    yield "label", ["label", "--images", "frames", "--classes", "a,b", "--session", "session", "--port", "0"]
    yield "scenes", ["scenes", "--images", "3000", "--out", "scenes"]
    yield "evaluate", ["evaluate", "--truth", "truth.csv", "--predictions", "predicted.csv", "--out", "evaluated"]
    yield "mine", ["mine", "--embeddings", "embeddings.npy", "--truth", "labels.npy", "--predictions", "probs.npy", "--clusters", "20",
                   "--out", "mined"]
    yield "export", ["export", "--picks", "picks.csv", "--to", "csv", "--out", "exported", "--classes",
                     ",".join(f"class{c}" for c in range(9))]
    yield "import", ["import", "labels.csv", "--from", "csv", "--picks", "picks.csv", "--out", "imported"]
    yield "report", ["report", "reported"]
    yield "report --verify", ["report", "--verify", "reported"]


def stop(program, command, folder, moment, number, patience):
    """How it ended and after how long; None where it did not."""
    process = subprocess.Popen([program, *command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env={**os.environ, "TMPDIR": str(folder)})
    try:
        process.wait(moment)
        return process.returncode, 0.0, process.stderr.read()
    except subprocess.TimeoutExpired:
        pass
    told = time.monotonic()
    process.send_signal(number)
    try:
        _, errors = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None, patience, b""
    return process.returncode, time.monotonic() - told, errors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=3.0, help="seconds before the signal, at most")
    parser.add_argument("--patience", type=float, default=20.0)
    arguments = parser.parse_args()
    arguments.program = os.path.abspath(arguments.program)
    generator = random.Random(arguments.seed)
    faults, latencies, done = 0, [], 0
    with tempfile.TemporaryDirectory(prefix="goldpan-stopping-") as name:
        folder = pathlib.Path(name)
        write_inputs(folder)
        small = [arguments.program, "run", "--data", f"npy:{folder}", "--strategies", "random", "--seeds", "1", "--budgets", "0.01",
                 "--out", str(folder / "reported")]
        subprocess.run(small, check=True, capture_output=True)
        for _ in range(arguments.rounds):
            for what, command in commands(arguments.program, folder):
                moment = generator.random() * arguments.longest
                number = generator.choice([signal.SIGINT, signal.SIGTERM])
                status, latency, errors = stop(arguments.program, command, folder, moment, number, arguments.patience)
                if status in (130, -number):
                    latencies.append((latency, what))
                elif status == 0 or (status == 1 and latency == 0 and what.startswith("pick") and b"error: [" in errors):
                    done += 1  # or refused: some strategies need boxes
                else:
                    faults += 1
                    print(f"{what}, {number.name} after {moment:.2f} s: " + (
                        f"did not end within {arguments.patience} s" if status is None else
                        f"status {status}: {errors[-300:].decode('utf-8', 'replace')}"), flush=True)
    latencies.sort()
    slowest = ", ".join(f"{latency:.2f} s ({what})" for latency, what in latencies[-3:])
    print(f"{len(latencies)} commands stopped, {done} were done before, {faults} faults; the slowest took {slowest}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
