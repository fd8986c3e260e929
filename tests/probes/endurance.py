#!/usr/bin/env python3
"""What a run must survive: SIGKILL at any moment, disks that fill up at any place, bits that rot.

    endurance.py PROGRAM kills [--count N] [--seed S]   run a small experiment, embedding included, killed at random moments
                                                        until N kills have fallen; whole ones must have the same tables
    endurance.py PROGRAM flips [--count N] [--seed S]   flip N bits each of the cache and of the journal, one at a time:
                                                        `report --verify` must name each, and a run must not use the cache
    endurance.py PROGRAM full [--count N]               N sizes of disk, or of the largest file where no file system of
                                                        one's own can be mounted: a clear error, then the same tables

Status 0 and a line of counts, or 1 and what was wrong. The standard library alone.
"""
import argparse
import os
import pathlib
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib


def write_png(path, side, tint, generator):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(min(255, tint[i % 3] + generator.randrange(60)) for i in range(side * 3)) for _ in range(side))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Runs:
    """A small data set of images and the command that measures strategies on it."""

    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        generator = random.Random(5)
        for i in range(240):
            tint = [90 + 60 * (i % 3 == c) + generator.randrange(40) for c in range(3)]
            write_png(self.folder / f"data/class{i % 3}/{i:03}.png", 12, tint, generator)
        self.reference = self.tables(self.whole("reference"))

    def command(self, out):
        return [self.program, "run", "--data", f"folder:{self.folder / 'data'}", "--encoder", "patches", "--dim", "6",
                "--strategies", "random,margin,k_center,badge", "--seeds", "1,2", "--budgets", "0.1,0.3,1", "--passes", "3",
                "--threads", "2", "--out", str(out)]

    def start(self, out, **options):
        return subprocess.Popen(self.command(out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def end(self, process):
        _, errors = process.communicate(timeout=1200)
        return process.returncode, errors

    def whole(self, name):
        out = self.folder / name
        status, errors = self.end(self.start(out))
        if status != 0:
            raise SystemExit(f"a run that nothing disturbs ends with status {status}: {errors[-500:]}")
        return out

    def verified(self, out):
        """What `report --verify` says, or "" where all is well."""
        result = subprocess.run([self.program, "report", "--verify", str(out)], capture_output=True, text=True, timeout=1200)
        if result.returncode not in (0, 1):
            return f"status {result.returncode}: {result.stderr[-300:]}"
        return result.stderr if result.returncode else ""

    @staticmethod
    def tables(out):
        """Every table but what the clock said."""
        return {path.name: path.read_bytes() for path in sorted((out / "tables").iterdir()) if "timings" not in path.name}

    def faults_of_whole(self, out):
        faults = []
        said = self.verified(out)
        if said:
            faults.append(f"report --verify: {said[-500:]}")
        tables = self.tables(out)
        for name in sorted(set(tables) | set(self.reference)):
            if tables.get(name) != self.reference.get(name):
                faults.append(f"tables/{name} differs from that of a run that nothing disturbed")
        return faults


def kills(runs, arguments):
    generator = random.Random(arguments.seed)
    began = time.monotonic()
    out = runs.whole("timed")
    duration = time.monotonic() - began
    shutil.rmtree(out)
    killed, whole, in_embedding, faults = 0, 0, 0, []
    while (killed < arguments.count and time.monotonic() < arguments.end) or whole == 0:
        out = runs.folder / "killed"
        process = runs.start(out)
        try:
            # Most moments are early: a run that was killed a few times is soon done.
            process.wait(generator.random() ** 2 * duration)
        except subprocess.TimeoutExpired:
            if killed < arguments.count and time.monotonic() < arguments.end:
                process.send_signal(signal.SIGKILL)
        status, errors = runs.end(process)
        if status == -signal.SIGKILL:
            killed += 1
            in_embedding += not (out / "run.db").exists()
            # Left to itself it would end sooner or later; now and then it begins anew, to meet the early stages again.
            if generator.random() < 0.15:
                shutil.rmtree(out, ignore_errors=True)
            continue
        if status != 0:
            faults.append(f"status {status} after {killed} kills: {errors[-500:]}")
            shutil.rmtree(out, ignore_errors=True)
            continue
        whole += 1
        faults += runs.faults_of_whole(out)
        shutil.rmtree(out)
    return f"{killed} kills, {in_embedding} of them before the journal, {whole} runs brought to their end", faults


def flips(runs, arguments):
    generator = random.Random(arguments.seed)
    out = runs.whole("flipped")
    cache = next((out / "cache").glob("*.npy"))
    faults, counts = [], {}
    said = runs.verified(out)
    if said:
        faults.append(f"before any flip: {said}")
    for name, victims in (("cache", [cache, cache.with_suffix(".json")]), ("journal", [out / "run.db"])):
        for number in range(arguments.count):
            if time.monotonic() > arguments.end:
                break
            victim = victims[0] if generator.random() < 0.7 else victims[-1]
            content = victim.read_bytes()
            at, bit = generator.randrange(len(content)), generator.randrange(8)
            victim.write_bytes(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1:])
            said = runs.verified(out)
            if victim.stem not in said:
                faults.append(f"bit {bit} of byte {at} of {victim.name} was not found: {said[-300:]}")
            if number % 40 == 0:  # the same folder in use: never another table with status 0
                copy = runs.folder / "used"
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(out, copy)
                if name == "cache":
                    (copy / "run.db").unlink()
                status, errors = runs.end(runs.start(copy))
                if status == 0 and runs.tables(copy) != runs.reference:
                    faults.append(f"bit {bit} of byte {at} of {victim.name} gave other tables")
                elif status not in (0, 1) or (status == 1 and "error: [" not in errors):
                    faults.append(f"bit {bit} of byte {at} of {victim.name}: status {status}: {errors[-300:]}")
            victim.write_bytes(content)
            counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{count} flips of the {name}" for name, count in counts.items()), faults


def full(runs, arguments):
    """Disks of sizes up to beyond what a run needs: each stage is where some of them end."""
    generator = random.Random(arguments.seed)
    largest = sum(path.stat().st_size for path in (runs.folder / "reference").rglob("*") if path.is_file())
    place = runs.folder / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)], capture_output=True).returncode == 0
    disks, refused, faults = 0, 0, []
    try:
        for number in range(arguments.count):
            if time.monotonic() > arguments.end:
                break
            disks += 1
            size = int(largest * 4 * generator.random()) + 4096
            out = place / "out"
            if mounted:
                subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)
                process = runs.start(out, env={**os.environ, "TMPDIR": str(place)})
            else:
                limit = min(size, 300_000)
                process = runs.start(out, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            status, errors = runs.end(process)
            lines = errors.strip().splitlines()
            if status == 1 and lines and lines[-1].startswith("error: ["):
                refused += 1
            elif status != 0:
                faults.append(f"a disk of {size} bytes: status {status}: {errors[-300:]}")
            if mounted:
                subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)
            status, errors = runs.end(runs.start(out))
            if status != 0:
                faults.append(f"with room again, after {size} bytes: status {status}: {errors[-300:]}")
            else:
                faults += [f"after a disk of {size} bytes: {fault}" for fault in runs.faults_of_whole(out)]
            leftovers = [path.name for path in place.rglob("*") if ".goldpan-tmp-" in path.name]
            if leftovers:
                faults.append(f"a disk of {size} bytes left {leftovers}")
            shutil.rmtree(out, ignore_errors=True)
    finally:
        if mounted:
            subprocess.run(["umount", str(place)], check=False)
    return f"{disks} {'disks' if mounted else 'limits on files'}, {refused} of them full before the end", faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("what", choices=["kills", "flips", "full"])
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end earlier, saying how many there were")
    arguments = parser.parse_args()
    arguments.end = time.monotonic() + 60 * arguments.minutes
    arguments.program = os.path.abspath(arguments.program)
    with tempfile.TemporaryDirectory(prefix="goldpan-endurance-") as folder:
        runs = Runs(arguments.program, folder)
        counts, faults = {"kills": kills, "flips": flips, "full": full}[arguments.what](runs, arguments)
    for fault in faults:
        print(fault)
    print(f"{counts}: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
