"""The cases of goldpan.conformance: ours pass all, and a wrong implementation does not."""
import subprocess
import sys

import numpy as np

from goldpan import conformance


def test_ours_passes_every_case():
    report = conformance.check(conformance._ours)
    assert report.count("failed") == 0, str(report)
    assert report.count("not offered") == 0, str(report)


def test_a_wrong_implementation_is_found():
    def backwards(strategy, *, embeddings, probs, mc_probs, labeled, batch, seed):
        if strategy != "entropy":
            raise NotImplementedError(strategy)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.argsort((probs * np.log(probs)).sum(axis=1))[::-1][:batch]

    report = conformance.check(backwards)
    assert report.count("failed", "entropy") > 0
    assert report.count("not offered", "margin") > 0


def test_bad_picks_are_failures():
    def first(strategy, *, embeddings, probs, mc_probs, labeled, batch, seed):
        return [0] * batch

    report = conformance.check(first, ["margin"])
    assert report.count("failed") == len(report.outcomes) > 0
    assert "different rows" in str(report)


def test_the_command_checks_a_module(tmp_path):
    (tmp_path / "mine.py").write_text("def select(strategy, **inputs):\n    raise NotImplementedError\n")
    done = subprocess.run(
        [sys.executable, "-m", "goldpan.conformance", str(tmp_path / "mine.py"), "--strategy", "badge"],
        capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "0 passed, 0 failed" in done.stdout
