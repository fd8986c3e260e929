"""examples/*.py as a stranger runs them, at a small size, on data that they make."""
import csv
import json
import pathlib
import subprocess
import sys

import pytest

from goldpan import _program

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


def run(name, out):
    done = subprocess.run([sys.executable, EXAMPLES / name, "--small", "--out", out], capture_output=True, text=True,
                          cwd=out.parent, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def picks(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_weather_frames(tmp_path):
    text = run("weather_frames.py", tmp_path / "out")
    assert all(name in text for name in ("random", "badge", "k_center"))
    assert (tmp_path / "out/report.html").exists()
    assert len(picks(tmp_path / "out/picks.csv")) == 50
    audit = json.loads((tmp_path / "out/picks.json").read_text())
    assert audit["settings"]["strategy"] == "badge" and len(audit["inputs"]["embeddings"]["sha256"]) == 64


def test_traffic_signs(tmp_path):
    text = run("traffic_signs.py", tmp_path / "out")
    pools = [int(line.split("a pool of ")[1].split()[0]) for line in text.splitlines() if "a pool of" in line]
    assert pools[0] == 6 * pools[1]  # six frames a track


@pytest.mark.skipif(not _program.path().exists(), reason="built without the program")
def test_detector_batch(tmp_path):
    text = run("detector_batch.py", tmp_path / "out")
    assert "worst slice by its upper bound: timeofday=night" in text
    chosen = picks(tmp_path / "out/picks.csv")
    assert sum(float(row["expected_boxes"]) for row in chosen) <= 60 < len(chosen) * 5
