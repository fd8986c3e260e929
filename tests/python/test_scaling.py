"""bench/scaling at a small size: picks of many workers against those of one process, and the simulation beside them."""
import csv
import pathlib
import subprocess
import sys

import pytest

SCALING = pathlib.Path(__file__).parents[2] / "bench" / "scaling"


def run(script, *arguments):
    done = subprocess.run([sys.executable, SCALING / script, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    run("distributed.py", "make", folder, "--rows", 3000, "--shards", 16, "--dims", 16)
    return folder


def compare(pool, engine, workers, tries, *more):
    out = pool / f"{engine}.csv"
    run("distributed.py", "compare", pool, "--out", out, "--engine", engine, "--workers", workers, "--tries", tries,
        "--batch", 50, "--labeled", 40, *more)
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["same"] == "True" for row in rows)
    return rows


def test_the_simulation_reads_what_was_measured(pool):
    for workers in (1, 2, 4):
        rows = compare(pool, "local", workers, 0, "--reserve", 0.2)
    assert len(rows) == 27
    table = run("simulate.py", "--check", pool / "local.csv").splitlines()
    assert sum(line.startswith("| k_center") for line in table) == 3
    assert len(table) == 2 + 3 * 8  # dedup is not simulated


def test_ray_with_killed_workers_picks_what_one_process_picks(pool, monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'goldpan-al[ray]'")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # else a busy machine never comes to them
    rows = compare(pool, "ray", 4, 1, "--pause", 3, "--strategies", "k_center", "badge", "dedup")
    assert len(rows) == 6
