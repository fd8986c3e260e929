"""What goldpan.select() costs beyond the C++ call, and how much memory it takes beside a memory map.

    python bench/python/overhead.py build/release/bench/python/select_call [--map-gigabytes 2]

Both sides run the same selections in turn, three times over, on one thread. The least and the median
time of each are printed: on a machine with other work only the least says what the call costs. The memory is
anonymous memory (/proc/self/smaps_rollup), which a mapped file is no part of.
"""
import argparse
import pathlib
import subprocess
import tempfile
import threading
import time

import numpy as np

import goldpan


def anonymous_bytes():
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Anonymous:"))


def calls(program, folder):
    rng = np.random.default_rng(0)
    for rows in (1000, 40_000):
        e = rng.normal(size=(rows, 64)).astype(np.float32)
        p = rng.dirichlet(np.ones(10), rows).astype(np.float32)
        np.save(folder / "E.npy", e)
        np.save(folder / "P.npy", p)
        for strategy, batch in (("random", 10), ("entropy", 100), ("k_center", 10)):
            repeats = 301 if rows == 1000 else 51
            for _ in range(3):
                bare = list(map(float, subprocess.run(
                    [program, strategy, folder / "E.npy", folder / "P.npy", str(batch), str(repeats)],
                    capture_output=True, text=True, check=True).stdout.split()))
                taken = []
                for _ in range(repeats):
                    begin = time.perf_counter()
                    goldpan.select(strategy, embeddings=e, probs=p, batch=batch, threads=1)
                    taken.append((time.perf_counter() - begin) * 1e6)
                python = min(taken), float(np.median(taken))
                print(f"{strategy:<9} {rows:>6} rows: " + "; ".join(
                    f"{name} C++ {a:7.0f} us, Python {b:7.0f} us, difference {b - a:6.0f} us"
                    for name, a, b in zip(("least", "median"), bare, python)))


def memory(gigabytes, folder):
    rows = int(gigabytes * 1e9 / (128 * 4))
    e = np.lib.format.open_memmap(folder / "big.npy", "w+", np.float32, (rows, 128))
    rng = np.random.default_rng(0)
    for begin in range(0, rows, 100_000):
        e[begin:begin + 100_000] = rng.normal(size=e[begin:begin + 100_000].shape)
    e.flush()
    mapped = np.load(folder / "big.npy", mmap_mode="r")
    del e
    goldpan.select("k_center_approximate", embeddings=mapped[:10_000], batch=10)
    before, peak, done = anonymous_bytes(), [0], threading.Event()

    def watch():
        while not done.wait(0.02):
            peak[0] = max(peak[0], anonymous_bytes())
    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = time.perf_counter()
    picks = goldpan.select("k_center_approximate", embeddings=mapped, batch=100)
    seconds = time.perf_counter() - begin
    done.set()
    watcher.join()
    print(f"memory map of {mapped.nbytes / 1e9:.2f} GB, {rows} rows: {len(picks)} picks in {seconds:.1f} s; "
          f"anonymous memory {before / 1e6:.0f} MB before, at most {peak[0] / 1e6:.0f} MB during the call")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--map-gigabytes", type=float, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        calls(args.program, pathlib.Path(name))
        memory(args.map_gigabytes, pathlib.Path(name))


if __name__ == "__main__":
    main()
