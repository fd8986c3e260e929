"""Small cases with right answers, for any implementation of the strategies.

    python -m goldpan.conformance                      # this package
    python -m goldpan.conformance my_module            # yours, by name or by path
    python -m goldpan.conformance my_module --strategy entropy --strategy badge

The module has a function ``select(strategy, *, embeddings, probs, mc_probs, labeled, batch, seed)`` that returns row
numbers in the order picked: ``embeddings`` N x D, ``probs`` N x C, ``mc_probs`` K x N x C, ``labeled`` row numbers,
what a strategy does not need being None. It raises NotImplementedError (or KeyError) for a strategy it does not have.
A case says what it holds the implementation to; what differs is printed with its inputs. The exit status is the number
of cases that failed, at most 100.
"""
from __future__ import annotations

import argparse
import importlib
import importlib.util
import pathlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picks = list[int]
Select = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """One question with a known answer."""

    strategy: str
    #: What the case holds an implementation to, as a sentence.
    claim: str
    batch: int
    #: The right picks in their order; or what the picks must satisfy, by a function.
    answer: Sequence[int] | Callable[[Picks], bool]
    embeddings: NDArray[np.float32] | None = None
    probs: NDArray[np.float32] | None = None
    mc_probs: NDArray[np.float32] | None = None
    labeled: Sequence[int] = ()

    def rows(self) -> int:
        given = [a for a in (self.embeddings, self.probs) if a is not None]
        return len(given[0]) if given else self.mc_probs.shape[1]  # type: ignore[union-attr]


@dataclass(frozen=True)
class Outcome:
    """What an implementation made of a case."""

    case: Case
    #: "passed", "failed" or "not offered".
    verdict: str
    #: Of a failure: what came instead.
    got: str = ""


@dataclass(frozen=True)
class Report:
    """The outcomes of all cases."""

    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, verdict: str, strategy: str | None = None) -> int:
        return sum(o.verdict == verdict and strategy in (None, o.case.strategy) for o in self.outcomes)

    def __str__(self) -> str:
        lines = []
        for o in self.outcomes:
            lines.append(f"{o.verdict:12} {o.case.strategy:18} {o.case.claim}")
            if o.verdict == "failed":
                lines.append(f"{'':31} {o.got}")
        lines.append(", ".join(f"{self.count(v)} {v}" for v in ("passed", "failed", "not offered")))
        return "\n".join(lines)


def _floats(values: Any) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


def _line(*values: float) -> NDArray[np.float32]:
    return _floats(values).reshape(-1, 1)


def _directions(*degrees: float, lengths: Sequence[float] | None = None) -> NDArray[np.float32]:
    angles = np.radians(degrees)
    scale = np.ones(len(degrees)) if lengths is None else np.asarray(lengths)
    return _floats(np.stack([np.cos(angles), np.sin(angles)], axis=1) * scale[:, None])


def _coverage(embeddings: NDArray[np.float32], batch: int, labeled: Sequence[int], weights: NDArray[Any], h: float) -> Picks:
    """Greedy coverage by the definition, in double."""
    x = embeddings.astype(float)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    kernel = np.exp(-((np.linalg.norm(x[:, None] - x[None], axis=2) / h) ** 2))
    reached = kernel[list(labeled)].max(axis=0) if len(labeled) else np.zeros(len(x))
    picks: Picks = []
    for _ in range(batch):
        gains = (weights * np.maximum(0, kernel - reached)).sum(axis=1)
        gains[[*labeled, *picks]] = -1
        picks.append(int(np.argmax(gains > gains.max() - 1e-9)))
        reached = np.maximum(reached, kernel[picks[-1]])
    return picks


def _random_case(seed: int, rows: int, dims: int) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    return _floats(random.normal(size=(rows, dims)) * random.uniform(0.5, 5, size=(rows, 1)))


def _uherding_case() -> Case:
    embeddings, labeled = _random_case(5, 30, 4), [2, 9, 17, 23]
    random = np.random.default_rng(6)
    probs = _floats(random.dirichlet(np.ones(3), size=30))
    ordered = np.sort(probs.astype(float), axis=1)
    weights = 1 - (ordered[:, -1] - ordered[:, -2])
    weights[labeled] = 0
    unit = embeddings[labeled] / np.linalg.norm(embeddings[labeled], axis=1, keepdims=True)
    distances = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    return Case("uherding", "weighs rows by 1 - margin; h is the smallest distance of two labelled rows", 6,
                _coverage(embeddings, 6, labeled, weights, distances[distances > 0].min()), embeddings, probs,
                labeled=labeled)


def cases() -> list[Case]:
    """All cases, strategy by strategy."""
    three = _floats([[0.5, 0.45, 0.05], [0.4, 0.3, 0.3], [0.34, 0.33, 0.33], [0.9, 0.1, 0.0]])
    two_passes = _floats([[[0.5, 0.5], [1, 0], [0.6, 0.4]], [[0.5, 0.5], [0, 1], [0.4, 0.6]]])
    clusters = _floats([[0, 0], [0.1, 0], [0, 0.1], [0.1, 0.1], [0.05, 0.05], [0.2, 0.1], [0.1, 0.2],
                        [9, 9], [9.1, 9], [9, 9.1], [9.1, 9.1], [9.05, 9.05], [9.4, 9.4], [9.5, 9.1]])
    gradients = _floats([[1, 0], [1, 0], [1, 0], [0, 1]])
    unsure = _floats([[0.6, 0.4]] * 4)
    herd = _random_case(3, 40, 5)
    return [
        Case("entropy", "0 ln 0 is 0, not NaN", 2, [1, 0], probs=_floats([[0.9, 0.1, 0], [0.5, 0.5, 0], [0.98, 0.01, 0.01]])),
        Case("entropy", "ties go to the lowest row", 2, [0, 1], probs=_floats([[0.5, 0.5]] * 4)),
        Case("entropy", "largest first", 4, [2, 1, 0, 3], probs=three),
        Case("margin", "gap between the two largest, smallest first", 3, [2, 0, 1], probs=three),
        Case("margin", "labelled rows are not picked", 2, [0, 1], probs=three, labeled=[2]),
        Case("least_confidence", "1 - largest probability, largest first", 3, [2, 1, 0], probs=three),
        Case("bald", "disagreement between passes counts, not uncertainty", 1, [1], mc_probs=two_passes),
        Case("bald", "zero probabilities are no NaN", 3, [1, 2, 0], mc_probs=two_passes),
        Case("k_center", "farthest from labels and picks, one by one", 2, [3, 2], _line(0, 1, 2, 10), labeled=[0]),
        Case("k_center", "without labels the row closest to the mean comes first", 3, [3, 4, 0], _line(0, 1, 2, 3, 9)),
        Case("k_center", "ties go to the lowest row", 1, [0], _line(-3, 0, 3), labeled=[1]),
        Case("k_center", "a twin of a label comes last", 3, [3, 2, 1], _line(5, 5, 6, 8), labeled=[0]),
        Case("badge", "the longest gradient comes first", 1, [2], _floats([[1, 0], [0, 1], [0, 9], [1, 1]]), unsure),
        Case("badge", "a second row of the same gradient is never drawn", 2, lambda p: 3 in p, gradients, unsure),
        Case("typiclust", "the cluster without labels comes first", 1, lambda p: p[0] < 7, clusters, labeled=[8]),
        Case("typiclust", "the densest row of the cluster", 1, [11], clusters, labeled=[0]),
        Case("max_herding", "lengths do not count: rows are normalised", 1, [1],
             _directions(0, 10, 20, 90, 180, lengths=[1, 9, 2, 30, 40])),
        Case("max_herding", "the picks of plain greedy, kernel e^(-d^2) without a factor 1/2", 8,
             _coverage(herd, 8, [], np.ones(40), 1), herd),
        Case("max_herding", "labels cover", 6, _coverage(herd, 6, [1, 20], np.ones(40), 1), herd, labeled=[1, 20]),
        _uherding_case(),
    ]


def _ask(select: Select, case: Case) -> Outcome:
    try:
        picked = select(case.strategy, embeddings=case.embeddings, probs=case.probs, mc_probs=case.mc_probs,
                        labeled=np.asarray(case.labeled, dtype=np.int64), batch=case.batch, seed=0)
    except (NotImplementedError, KeyError):
        return Outcome(case, "not offered")
    except Exception as error:  # whatever an implementation does is its answer
        return Outcome(case, "failed", f"{type(error).__name__}: {error}")
    picks = [int(row) for row in np.asarray(picked).ravel()]
    if len(picks) != case.batch or len(set(picks)) != len(picks):
        return Outcome(case, "failed", f"picked {picks}, expected {case.batch} different rows")
    if set(picks) & set(case.labeled) or not all(0 <= row < case.rows() for row in picks):
        return Outcome(case, "failed", f"picked {picks}, expected unlabelled rows")
    right = case.answer(picks) if callable(case.answer) else picks == list(case.answer)
    if right:
        return Outcome(case, "passed")
    wanted = "another" if callable(case.answer) else str(list(case.answer))
    return Outcome(case, "failed", f"picked {picks}, right is {wanted}")


def check(select: Select, strategies: Sequence[str] | None = None) -> Report:
    """Puts every case (or those of the strategies named) to ``select``; see the module's description."""
    return Report([_ask(select, case) for case in cases() if not strategies or case.strategy in strategies])


def _ours(strategy: str, *, embeddings: Any, probs: Any, mc_probs: Any, labeled: Any, batch: int, seed: int) -> Any:
    from goldpan import select

    return select(strategy, embeddings=embeddings, probs=probs, mc_probs=mc_probs, labeled=labeled, batch=batch,
                  seed=seed).indices


def _load(name: str) -> Select:
    path = pathlib.Path(name)
    if path.suffix == ".py" and path.exists():
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        sys.path.insert(0, "")
        module = importlib.import_module(name)
    select: Select = module.select
    return select


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the number of failures, at most 100."""
    parser = argparse.ArgumentParser(
        prog="python -m goldpan.conformance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("module", nargs="?", help="has a function select(); without it this package is checked")
    parser.add_argument("--strategy", action="append", help="only this one; repeatable")
    args = parser.parse_args(arguments)
    report = check(_load(args.module) if args.module else _ours, args.strategy)
    print(report)
    return min(100, report.count("failed"))


if __name__ == "__main__":
    sys.exit(main())
