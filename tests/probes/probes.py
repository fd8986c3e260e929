#!/usr/bin/env python3
"""Hostile but honest inputs, drawn at random: strategies x arrays x magnitudes, headers, options, signals.

    probes.py PROGRAM [--count N] [--seed S] [--patience SECONDS]

Every probe ends in its time with status 0 and a right answer (distinct unlabelled rows, as many as asked for), or with
status 1, 2 or 3 and one line `error: [where] ...` on standard error. A probe that was sent SIGTERM may also end with status 130
or by the signal. Anything else, a signal of its own above all, is a fault: the probe is printed so that it can be run
again, and the status is 1. The standard library alone, so that it runs wherever the tests do.
"""
import argparse
import csv
import json
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

FLOAT_MAX = 3.4028234663852886e38
MAGNITUDES = [1.0, 1e-45, 1e-38, 1e-30, 1e-20, 1e-12, 1e-6, 1e6, 1e15, 1e17, 1e18, 1e19, 1e30, FLOAT_MAX]
LETTERS = {"f4": "f", "f8": "d", "f2": "e", "i8": "q", "u1": "B", "i4": "i"}


def npy(shape, values, kind="f4", order="<", fortran=False, header=None):
    """The bytes of a .npy file. `values` are in C order."""
    values = list(values)
    if fortran and len(shape) > 1:
        strides = [1] * len(shape)
        for axis in range(len(shape) - 2, -1, -1):
            strides[axis] = strides[axis + 1] * shape[axis + 1]
        places, at = [], [0] * len(shape)
        for _ in values:
            places.append(sum(a * s for a, s in zip(at, strides)))
            for axis in range(len(shape)):
                at[axis] += 1
                if at[axis] < shape[axis]:
                    break
                at[axis] = 0
        values = [values[place] for place in places]
    if header is None:
        header = "{'descr': '%s%s', 'fortran_order': %s, 'shape': (%s), }" % (
            order, kind, fortran, "".join(f"{length}, " for length in shape))
    header = header.encode("latin-1") + b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
            + struct.pack(f"{order}{len(values)}{LETTERS[kind]}", *values))


def single(value):
    """As a float32 has it."""
    return struct.unpack("<f", struct.pack("<f", max(-FLOAT_MAX, min(FLOAT_MAX, value))))[0]


def strategies_of(program):
    """All that the program has, so that a new one is probed without another line here."""
    listed = subprocess.run([program, "strategies", "--markdown"], capture_output=True, text=True, check=True).stdout
    names = [line[3:] for line in listed.splitlines() if line.startswith("## ")]
    if len(names) < 15:
        raise SystemExit(f"read {names} from `goldpan strategies --markdown`, expected 15 strategies at least")
    return names


class Probe:
    """One command in a folder of its own, and what it may answer."""

    def __init__(self, folder, generator, strategies):
        self.folder, self.draw, self.strategies = folder, generator, strategies
        self.command, self.rows, self.labeled, self.batch = [], 0, set(), 0
        self.kill_after = None
        self.environment = {}

    def put(self, name, content):
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def embeddings(self, rows, dims):
        shape = self.draw.choice(["cloud", "scaled", "one cell", "mixed", "constant", "zero", "duplicates"])
        magnitude = self.draw.choice(MAGNITUDES)
        values = [[self.draw.uniform(-1, 1) for _ in range(dims)] for _ in range(rows)]
        if shape == "scaled":
            values = [[single(x * magnitude) for x in row] for row in values]
        elif shape == "one cell":
            values[self.draw.randrange(rows)][self.draw.randrange(dims)] = single(-magnitude)
        elif shape == "mixed":
            values = [[single(x * self.draw.choice(MAGNITUDES)) for x in row] for row in values]
        elif shape == "constant":
            values = [[single(magnitude)] * dims for _ in range(rows)]
        elif shape == "zero":
            values = [[0.0] * dims for _ in range(rows)]
        elif shape == "duplicates":
            values = [values[i % 3] for i in range(rows)]
        if self.draw.random() < 0.1:
            values[self.draw.randrange(rows)][0] = self.draw.choice([float("nan"), float("inf")])
        kind = "f4"
        if all(abs(x) < 6e4 for row in values for x in row):
            kind = self.draw.choice(["f4", "f4", "f8", "f2"])
        return npy((rows, dims), (x for row in values for x in row), kind, self.draw.choice("<<<>"),
                   self.draw.random() < 0.2)

    def distributions(self, shape):
        """Probabilities, or what looks like them."""
        classes = shape[-1]
        count = 1
        for length in shape[:-1]:
            count *= length
        style = self.draw.choice(["soft", "soft", "certain", "uniform", "wrong", "negative"])
        values = []
        for _ in range(count):
            row = [self.draw.random() + 1e-3 for _ in range(classes)]
            if style == "certain":
                row = [0.0] * classes
                row[self.draw.randrange(classes)] = 1.0
            elif style == "uniform":
                row = [1.0] * classes
            total = 1.0 if style == "wrong" else sum(row)
            values.extend(-x / total if style == "negative" and classes > 1 else x / total for x in row)
        return npy(shape, values, self.draw.choice(["f4", "f4", "f8", "f2"]), self.draw.choice("<<<>"),
                   self.draw.random() < 0.2)

    def pick(self):
        draw = self.draw
        rows = self.rows = draw.choice([1, 2, 5, 40, 150])
        classes = draw.choice([1, 2, 3, 7])
        passes = draw.choice([1, 3, rows])
        arguments = []
        if draw.random() < 0.85:
            arguments += ["--embeddings", self.put("e.npy", self.embeddings(rows, draw.choice([1, 3, 40])))]
        if draw.random() < 0.8:
            flag = draw.choice(["--probs", "--probs", "--logits"])
            content = self.distributions((rows, classes))
            if flag == "--logits":
                scale = draw.choice(MAGNITUDES)
                content = npy((rows, classes), (single(draw.gauss(0, 1) * scale) for _ in range(rows * classes)))
            arguments += [flag, self.put("p.npy", content)]
        if draw.random() < 0.5:
            shape = draw.choice([(passes, rows, classes), (rows, passes, classes), (passes, rows + 1, classes)])
            arguments += ["--mc-probs", self.put("m.npy", self.distributions(shape))]
        if draw.random() < 0.5:
            count = draw.randrange(rows + 1)
            self.labeled = set(draw.sample(range(rows), count))
            text = "".join(f"{row}\n" for row in sorted(self.labeled))
            if draw.random() < 0.2:
                text += draw.choice(["-1\n", f"{rows}\n", "x\n", "99999999999999999999\n"])
            arguments += ["--labeled", self.put("l.txt", text.encode())]
        self.batch = draw.choice([0, 1, 2, max(1, rows // 3), rows, rows + 1])
        self.command = ["pick", *arguments, "--strategy", draw.choice(self.strategies), "--batch", str(self.batch),
                        "--out", str(self.folder / "picks.csv"), "--reserve", draw.choice(["0", "0.1", "1"]),
                        "--threads", draw.choice(["1", "2", "3"])]

    def header(self):
        """A damaged .npy in the place of one of the inputs."""
        self.pick()
        flags = [i for i, word in enumerate(self.command) if word in ("--embeddings", "--probs", "--mc-probs")]
        if not flags:
            return
        path = pathlib.Path(self.command[self.draw.choice(flags) + 1])
        content = bytearray(path.read_bytes())
        damage = self.draw.choice(["flip", "cut", "shape", "empty"])
        if damage == "flip":
            for _ in range(3):
                content[self.draw.randrange(min(128, len(content)))] = self.draw.randrange(256)
        elif damage == "cut":
            del content[self.draw.randrange(len(content)):]
        elif damage == "empty":
            content.clear()
        else:
            sizes = self.draw.choice(["4294967297, 0", "0, 4294967297", "0, 0", "-1, 3", "1e9, 2", "18446744073709551615, 2",
                                      "9223372036854775807, 9223372036854775807, 0", "", "3,", "2, 2, 2, 2"])
            content[:] = npy((1,), [0.0], header="{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }" % sizes)
        path.write_bytes(bytes(content))
        self.batch = None  # what a damaged header says is its own affair

    def options(self):
        """Values that an option cannot have, or can just so."""
        draw = self.draw
        self.rows = 40
        self.embeddings_plain()
        word = draw.choice(["-1", "nan", "inf", "1e400", "", "2000000000", "99999999999999999999", "0x10", "3.5", "=1",
                            "\N{SNOWMAN}", "1,,2", ",", "(a+)+$"])
        if draw.random() < 0.5:
            flag = draw.choice(["--batch", "--seed", "--reserve", "--threads", "--strategy", "--ids", "--labeled"])
            self.command = ["pick", "--embeddings", str(self.folder / "e.npy"), "--strategy", "random", "--batch", "3",
                            "--out", str(self.folder / "picks.csv"), f"{flag}={word}"]
        else:
            flag = draw.choice(["--budgets", "--seeds", "--strategies", "--label-price", "--threads", "--groups", "--dedup",
                                "--test-fraction", "--passes", "--reserve", "--ablate", "--config", "--data"])
            self.command = ["run", "--data", f"npy:{self.folder}", "--strategies", "random", "--seeds", "1", "--budgets",
                            "0.5", "--out", str(self.folder / "out"), f"{flag}={word}"]
        self.batch = None

    def embeddings_plain(self):
        values = [self.draw.gauss(i // 3 % 2 * 3, 1) for i in range(40 * 3)]
        self.put("e.npy", npy((40, 3), values))
        self.put("embeddings.npy", npy((40, 3), values))
        self.put("labels.npy", npy((40,), [i % 2 for i in range(40)], "i8"))
        self.put("ids.txt", "".join("a" * 200 + f"{i}!\n" for i in range(40)).encode())

    def stopped(self):
        """Long work, told to stop at a random moment."""
        draw = self.draw
        rows, dims = 6000, 16
        generator = random.Random(1)
        values = [generator.gauss(0, 1) for _ in range(rows * dims)]
        self.put("embeddings.npy", npy((rows, dims), values))
        labels = [int(values[i * dims] > 0) + int(values[i * dims + 1] > 0) for i in range(rows)]
        self.put("labels.npy", npy((rows,), labels, "i8"))
        probabilities = []
        for i in range(rows):
            p = [1.0 + (labels[i] == c) * generator.random() * 5 for c in range(3)]
            probabilities.extend(x / sum(p) for x in p)
        self.put("p.npy", npy((rows, 3), probabilities))
        self.batch = None
        if draw.random() < 0.2:
            self.command = ["scenes", "--images", "300", "--out", str(self.folder / "scenes")]
        elif draw.random() < 0.4:
            self.command = ["run", "--data", f"npy:{self.folder}", "--out", str(self.folder / "out"), "--strategies",
                            "random,badge,bald,typiclust", "--seeds", "1,2"]
        else:
            self.command = ["pick", "--embeddings", str(self.folder / "embeddings.npy"), "--probs", str(self.folder / "p.npy"),
                            "--batch", "2000", "--strategy", draw.choice(self.strategies),
                            "--out", str(self.folder / "picks.csv")]
        self.kill_after = draw.random() ** 2 * 3


def is_right(probe, picks):
    rows = [int(row["index"]) for row in csv.DictReader(picks.open(newline=""))]
    return (len(rows) == probe.batch and len(set(rows)) == len(rows) and not set(rows) & probe.labeled
            and all(0 <= row < probe.rows for row in rows))


def fault(probe, program, patience):
    """What is wrong with the answer, or None; and how long a signal took to end it."""
    process = subprocess.Popen([program, *probe.command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               cwd=probe.folder, env={**os.environ, **probe.environment})
    latency = 0.0
    try:
        if probe.kill_after is not None:
            try:
                process.wait(probe.kill_after)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
                told = time.monotonic()
                process.wait(patience)
                latency = time.monotonic() - told
        _, errors = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"did not end within {patience} s", patience
    status, errors = process.returncode, errors.decode("utf-8", "replace")
    if probe.kill_after is not None and status in (130, -signal.SIGTERM):
        return None, latency
    if status in (1, 2, 3):  # bad input, usage, nothing to pick
        lines = [line for line in errors.splitlines() if line.strip()]
        parsed = any(line.startswith("error: [") for line in lines) or "Run with --help" in errors
        return (None if parsed else f"status {status} without a reason: {errors[-300:]!r}"), latency
    if status != 0:
        return f"status {status}: {errors[-300:]!r}", latency
    if probe.command[0] == "pick" and probe.batch is not None:
        if not is_right(probe, probe.folder / "picks.csv"):
            return "picks that are not distinct unlabelled rows of the pool", latency
        json.loads((probe.folder / "picks.json").read_text())
    return None, latency


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=60)
    arguments = parser.parse_args()
    arguments.program = os.path.abspath(arguments.program)
    strategies = strategies_of(arguments.program)
    kinds = ["pick"] * 10 + ["header"] * 4 + ["options"] * 4 + ["stopped"] * 2
    faults, slowest, done = 0, 0.0, {}
    for number in range(arguments.count):
        with tempfile.TemporaryDirectory(prefix="goldpan-probe-") as folder:
            kind = kinds[number % len(kinds)]
            probe = Probe(pathlib.Path(folder), random.Random(arguments.seed * 1_000_003 + number), strategies)
            getattr(probe, kind)()
            wrong, latency = fault(probe, arguments.program, arguments.patience)
            slowest = max(slowest, latency)
            done[kind] = done.get(kind, 0) + 1
            if wrong:
                faults += 1
                print(f"probe {number} of seed {arguments.seed} ({kind}): {wrong}\n  {' '.join(probe.command)}", flush=True)
    print(f"{arguments.count} probes ({', '.join(f'{n} {k}' for k, n in done.items())}): {faults} faults; "
          f"the slowest end after a signal took {slowest:.2f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
