"""Picks from shards on many workers are those of goldpan.select, whoever dies meanwhile."""
import builtins
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import goldpan
from goldpan import distributed

STRATEGIES = ["random", "k_center", "badge", "hybrid", "entropy", "margin", "least_confidence", "bald"]
CUTS = [(0, 100), (100, 150), (150, 151), (151, 600)]


@pytest.fixture
def pool(clouds, predictions, tmp_path):
    for i, (begin, end) in enumerate(CUTS):
        np.save(tmp_path / f"e{i}.npy", clouds[0][begin:end].astype(np.float16))
        np.save(tmp_path / f"p{i}.npy", predictions[0][begin:end])
        np.save(tmp_path / f"m{i}.npy", predictions[1][:, begin:end])
        (tmp_path / f"e{i}.ids.txt").write_text("".join(f"frame {row}\n" for row in range(begin, end)))
    return tmp_path


def given(strategy, folder):
    needs = next(info.needs for info in goldpan.strategies() if info.name == strategy)
    kinds = {"probs": "p", "mc_probs": "m"}
    return {name: str(folder / f"{kinds[name]}*.npy") for name in needs if name in kinds}


def expected(strategy, clouds, predictions, **more):
    needs = next(info.needs for info in goldpan.strategies() if info.name == strategy)
    arrays = {"probs": predictions[0], "mc_probs": predictions[1]}
    return goldpan.select(
        strategy, embeddings=clouds[0].astype(np.float16), **{n: arrays[n] for n in needs if n in arrays},
        labeled=[3, 120, 590], batch=40, seed=7, **more)


def pick(strategy, folder, **more):
    arguments = {**given(strategy, folder), "labeled": [3, 120, 590], "seed": 7, "engine": "local", "workers": 3, **more}
    return distributed.select(strategy, str(folder / "e*.npy"), 40, **arguments)


def assert_same(picks, whole):
    np.testing.assert_array_equal(picks.indices, whole.indices)
    np.testing.assert_array_equal(picks.scores, whole.scores)
    assert picks.notes == whole.notes


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("workers", [1, 3, 9])
def test_picks_are_those_of_one_array(strategy, workers, pool, clouds, predictions):
    picks = pick(strategy, pool, workers=workers)
    whole = expected(strategy, clouds, predictions)
    assert_same(picks, whole)
    np.testing.assert_array_equal(picks.inclusion_probabilities, whole.inclusion_probabilities)
    assert list(picks.ids) == [f"frame {row}" for row in picks.indices]
    assert picks.rounds > 0 and picks.bytes_sent > 0 and picks.bytes_received > 0


@pytest.mark.parametrize("strategy", ["k_center", "random", "margin", "badge"])
def test_a_reserve_is_the_one_of_one_machine(strategy, pool, clouds, predictions):
    picks = pick(strategy, pool, reserve=0.25)
    whole = expected(strategy, clouds, predictions, reserve=0.25)
    assert_same(picks, whole)
    np.testing.assert_array_equal(picks.reasons, whole.reasons)
    np.testing.assert_array_equal(picks.inclusion_probabilities, whole.inclusion_probabilities)
    with pytest.raises(ValueError, match="got 1.5, expected a share from 0 to 1"):
        pick(strategy, pool, reserve=1.5)


@pytest.mark.parametrize("workers", [1, 3])
def test_dedup_keeps_what_one_array_keeps(workers, pool, clouds):
    values = clouds[0].astype(np.float16)
    values[200:300] = values[:100]
    for i, (begin, end) in enumerate(CUTS):
        np.save(pool / f"e{i}.npy", values[begin:end])
    whole = goldpan.dedup(values, 0.98)
    assert len(whole.kept) < 550
    for engine in ("local", Deadly(4 if workers == 1 else 11, workers)):
        seen = []
        got = distributed.dedup(str(pool / "e*.npy"), 0.98, engine=engine, workers=workers, handful=250,
                                progress=lambda done, total: seen.append((done, total)))
        np.testing.assert_array_equal(got.kept, whole.kept)
        np.testing.assert_array_equal(got.representative, whole.representative)
        assert seen[-1] == (600, 600) and (got.restarts > 0) == (engine != "local")
    shards = goldpan.dedup(str(pool / "e*.npy"), 0.98)
    np.testing.assert_array_equal(shards.representative, whole.representative)
    with pytest.raises(ValueError, match="cosine"):
        distributed.dedup(str(pool / "e*.npy"), 2, engine="local")


@pytest.mark.parametrize("strategy", ["max_herding", "uherding"])
def test_herding_says_what_it_promises(strategy, pool, clouds, predictions):
    assert_same(pick(strategy, pool, workers=1), expected(strategy, clouds, predictions))
    picks = pick(strategy, pool, workers=3)
    assert "approximate (RandGreeDi)" in picks.notes[-1]
    assert_same(pick(strategy, pool, engine=Deadly(7)), picks)


def test_options_reach_the_strategy(pool, clouds, predictions):
    assert_same(pick("hybrid", pool, shortlist_factor=5), expected("hybrid", clouds, predictions, shortlist_factor=5))
    with pytest.raises(TypeError, match="unexpected option 'nonsense'"):
        pick("hybrid", pool, nonsense=1)


class Deadly(distributed.Local):
    """Loses a worker at every n-th call, before or after it worked."""

    def __init__(self, every, workers=3):
        super().__init__(workers)
        self.every, self.calls, self.last = every, 0, None

    def call(self, calls):
        for part, (method, arguments) in calls.items():
            self.calls += 1
            if self.calls % self.every == 0 and self.last != part:
                self.last = part
                if self.calls % 2:
                    getattr(self.workers[part], method)(*arguments)
                self.workers[part] = None
                yield part, distributed.Lost("it was told to")
            else:
                self.last = None
                yield part, getattr(self.workers[part], method)(*arguments)


@pytest.mark.parametrize("strategy", ["k_center", "badge", "hybrid", "random"])
@pytest.mark.parametrize("every", [3, 4, 7])
def test_lost_workers_change_no_pick(strategy, every, pool, clouds, predictions):
    picks = pick(strategy, pool, engine=Deadly(every))
    assert picks.restarts > 0
    assert_same(picks, expected(strategy, clouds, predictions))


def test_a_worker_that_always_dies_is_an_error(pool):
    class Hopeless(distributed.Local):
        def call(self, calls):
            for part in calls:
                yield part, distributed.Lost("no memory")

    with pytest.raises(RuntimeError, match=r"worker 0 .*e0.npy.* died 6 times without an answer: no memory"):
        pick("k_center", pool, engine=Hopeless(3))


def test_a_coordinator_goes_on_from_its_checkpoint(pool, clouds, predictions, tmp_path):
    class Stopping(distributed.Local):
        rounds = 0

        def call(self, calls):
            self.rounds += 1
            if self.rounds == 6:
                raise KeyboardInterrupt
            yield from super().call(calls)

    path = tmp_path / "checkpoint"
    for strategy in ("k_center", "badge", "uherding"):
        with pytest.raises(KeyboardInterrupt):
            pick(strategy, pool, engine=Stopping(3), checkpoint=path, checkpoint_seconds=0)
        assert path.exists()
        with pytest.raises(ValueError, match="checkpoint of other labeled"):
            pick(strategy, pool, checkpoint=path, labeled=[4, 120, 590])
        whole = pick(strategy, pool) if strategy == "uherding" else expected(strategy, clouds, predictions)
        assert_same(pick(strategy, pool, checkpoint=path), whole)
        assert not path.exists()
    path.write_text("not one")
    with pytest.raises(ValueError, match="is no checkpoint"):
        pick("k_center", pool, checkpoint=path)


def test_bad_shards_are_named(pool, clouds):
    values = np.load(pool / "e1.npy")
    for wrong, message in [
        (values[:, :5], r"e1.npy\] has 5 columns of float16, expected 8 columns of float16"),
        (values.astype(np.float32), r"(e1.npy\] has 8 columns of float32, expected 8 columns of float16|shard 1 \(.*e2.npy to .*e3.npy\)\] has 8 columns of float16, expected 8 columns of float32 embeddings as shard 0 \(.*e0.npy to .*e1.npy\))"),
        (np.where(np.arange(50)[:, None] == 7, np.float16("nan"), values), r"row 7 of .*e1.npy(,| holds)"),
    ]:
        np.save(pool / "e1.npy", wrong)
        with pytest.raises(ValueError, match=message):
            pick("k_center", pool, workers=2)
        with pytest.raises(ValueError, match=message):
            distributed.dedup(str(pool / "e*.npy"), engine="local", workers=2)
    np.save(pool / "e1.npy", values)
    os.remove(pool / "e2.npy")
    with pytest.raises(ValueError, match="e2.npy"):
        distributed.select("k_center", [pool / f"e{i}.npy" for i in range(4)], 5, engine="local", workers=2)
    with pytest.raises(ValueError, match="3 files of embeddings, 4 files of probs"):
        pick("badge", pool)


def test_bad_probabilities_are_named(pool):
    p = np.load(pool / "p3.npy")
    p[5, 1] = np.nan
    np.save(pool / "p3.npy", p)
    with pytest.raises(ValueError, match=r"p3.npy\] row 5 holds a NaN"):
        pick("entropy", pool)


def test_progress_counts_rows_of_all_shards_then_picks(pool):
    seen = []
    pick("k_center", pool, progress=lambda done, total: seen.append((done, total)))
    assert (600, 600) in seen and seen[-1] == (40, 40)


def test_nobody_holds_more_than_the_stated_bound(pool):
    """Backpressure: no request and no answer is larger than what docs/distributed.md allows."""
    class Weighing(distributed.Local):
        most = 0

        def call(self, calls):
            for part, answer in super().call(calls):
                if calls[part][0] == "propose":
                    Weighing.most = max(Weighing.most, len(calls[part][1][0]), len(answer))
                yield part, answer

    centers, row = 3 + 40, 8 * 4
    pick("k_center", pool, engine=Weighing(3))
    assert 0 < Weighing.most < centers * (row + 8) + 16384 * row + 12 * (1.5 * 16384 + 32)
    Weighing.most = 0
    distributed.dedup(str(pool / "e*.npy"), 0.99999, engine=Weighing(3), handful=20)
    # A handful of rows and their numbers; at a shard's end also its twins.
    assert 0 < Weighing.most < 20 * (row + 4) + 600 * 8 + 100


def test_what_cannot_be_asked_is_said(pool):
    with pytest.raises(ValueError, match="'typiclust' needs the whole pool in one place, expected one of: random, k_center"):
        pick("typiclust", pool)
    with pytest.raises(ValueError, match="got 'spark', expected one of ray, processes, local"):
        pick("k_center", pool, engine="spark")
    with pytest.raises(ValueError, match="expected at most the 597 unlabelled rows"):
        distributed.select("k_center", str(pool / "e*.npy"), 600, engine="local", labeled=[1, 2, 3])


def test_a_missing_ray_names_the_extra(pool, monkeypatch):
    real = builtins.__import__

    def no_ray(name, *args, **kwargs):
        if name == "ray":
            raise ImportError("No module named 'ray'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_ray)
    with pytest.raises(ImportError, match=r"goldpan-al\[ray\]"):
        pick("k_center", pool, engine="ray")


def test_goldpan_does_not_import_ray():
    code = "import goldpan, goldpan.distributed, sys; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_deal_is_even_and_fixed():
    names = [f"frame {i}" for i in range(4000)]
    dealt = distributed.deal(names, 4, seed=3)
    assert dealt == distributed.deal(names, 4, seed=3)
    assert min(np.bincount(dealt, minlength=4)) > 850
    assert dealt[::-1] == distributed.deal(names[::-1], 4, seed=3)


def test_processes_that_are_killed_change_no_pick(pool, clouds, predictions):
    class Killing(distributed.Processes):
        calls = 0

        def call(self, calls):
            self.calls += 1
            if self.calls in (4, 6):
                victim = self.processes[self.calls % len(self.processes)]
                os.kill(victim.pid, signal.SIGKILL)
                victim.join()
            yield from super().call(calls)

    picks = pick("k_center", pool, engine=Killing(2))
    assert picks.restarts == 2
    assert_same(picks, expected("k_center", clouds, predictions))


def test_ray_actors_that_are_killed_change_no_pick(pool, clouds, predictions, monkeypatch):
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'goldpan-al[ray]'")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # else a busy machine never comes to them
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    try:
        class Killing(distributed.RayActors):
            calls = 0

            def call(self, calls):
                self.calls += 1
                if self.calls in (4, 6):
                    ray.kill(self.actors[self.calls % len(self.actors)])
                yield from super().call(calls)

        picks = pick("badge", pool, engine=Killing(2))
        assert picks.restarts == 2
        assert_same(picks, expected("badge", clouds, predictions))
        with pytest.raises(ValueError, match="expected at most the 597 unlabelled rows"):
            distributed.select("k_center", str(pool / "e*.npy"), 600, engine="ray", labeled=[1, 2, 3])
    finally:
        ray.shutdown()
