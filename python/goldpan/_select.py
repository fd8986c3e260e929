"""Choosing the next batch."""
from __future__ import annotations

import functools
import html
import json
import operator
import os
import pathlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldpan import _core
from goldpan._arrays import HALF_OR_SINGLE, SINGLE, as_floats, as_rows
from goldpan._progress import Progress, listener
from goldpan._shards import Files, Shards, join_files, open_shards

if TYPE_CHECKING:
    import pandas as pd


class OptionInfo(NamedTuple):
    """One option of a strategy."""

    name: str
    #: As one would type it.
    default: str
    #: What it takes: "a number from 0 to 1".
    takes: str
    help: str


class StrategyInfo(NamedTuple):
    """One strategy: its name, a line about it, its paper, and what `select` has to be given for it."""

    name: str
    summary: str
    paper: str
    #: Of "embeddings", "probs", "mc_probs".
    needs: frozenset[str]
    #: Goes by embeddings alone where no probabilities are given, and says so in `Selection.notes`.
    model_optional: bool
    #: What a score says and which way it points.
    score: str
    options: tuple[OptionInfo, ...]

    def __repr__(self) -> str:
        needs = ", ".join(n for n in ("embeddings", "probs", "mc_probs") if n in self.needs)
        return f"{self.name}: {self.summary} [{needs or 'nothing'}]" + (f" ({self.paper})" if self.paper else "")


class _Strategies(list[StrategyInfo]):
    """A list that reads well."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in (
                info.name, info.summary, ", ".join(sorted(info.needs)), info.paper)) + "</tr>"
            for info in self
        )
        return f"<table><tr><th>strategy</th><th>what</th><th>needs</th><th>paper</th></tr>{rows}</table>"


def strategies() -> list[StrategyInfo]:
    """All strategies, in the order in which they are listed to users.

    >>> [info.name for info in goldpan.strategies()][:3]
    ['random', 'k_center', 'badge']
    """
    return _Strategies(
        StrategyInfo(
            name, summary, paper, frozenset(needs), model_optional, score, tuple(OptionInfo(*row) for row in options)
        )
        for name, summary, paper, needs, model_optional, score, options in _core.strategies()
    )


def _check_option(strategy: str, name: str) -> None:
    """Python's own error for an argument that nobody knows; values are the engine's to check."""
    for info in strategies():
        if info.name == strategy and name not in (known := [option.name for option in info.options]):
            has = f"its options are {', '.join(known)}" if known else "it has no options"
            raise TypeError(f"select() got an unexpected option '{name}' for strategy '{strategy}': {has}")


@functools.cache
def _reason_names() -> NDArray[np.str_]:
    return np.array(_core.reasons())


@dataclass(frozen=True)
class Selection:
    """The rows to label next, in the order in which they were chosen, with their audit trail."""

    #: Rows of the pool, int64.
    indices: NDArray[np.int64]
    #: The strategy's score of each (its unit is the strategy's own); NaN for random picks.
    scores: NDArray[np.float64]
    #: Why each was picked: "strategy" or "reserve".
    reasons: NDArray[np.str_]
    #: The probability, before the draw, of each random pick; NaN where it is not known.
    inclusion_probabilities: NDArray[np.float64]
    #: The names of the picked rows, if `select` was given names.
    ids: NDArray[Any] | None = None
    #: What the strategy had to say, a sentence each.
    notes: list[str] = field(default_factory=list)
    #: The audit trail, as `goldpan pick` writes it: version, settings, inputs (with their SHA-256 if `select` was asked
    #: to hash them), notes, timings, threads.
    audit: dict[str, Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.indices)

    def to_pandas(self) -> pd.DataFrame:
        """A row a pick: rank, index, id, score, reason, inclusion_probability (the columns of `goldpan pick`)."""
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("Selection.to_pandas needs pandas: pip install 'goldpan-al[all]'") from error

        return pd.DataFrame(self._columns())

    def save(self, path: str | os.PathLike[str] = "picks.csv", *, force: bool = False) -> None:
        """Writes the picks as `goldpan pick` does, and the audit trail beside them as .json.

        What is there is kept unless `force`: FileExistsError.
        """
        out = pathlib.Path(path)
        trail = out.with_suffix(".json")
        if trail == out:
            raise ValueError(f"[path] got '{out}', but that is where the audit trail goes, expected another ending")
        if out.exists() and not force:
            raise FileExistsError(f"[path] '{out}' is there already and is kept; force=True overwrites it")
        ids = [] if self.ids is None else [str(name) for name in self.ids]
        codes = np.array([_core.reasons().index(reason) for reason in self.reasons], np.uint8)
        text = _core.picks_csv(self.indices, self.scores, codes, self.inclusion_probabilities, ids)
        out.write_text(text, encoding="utf-8", newline="")
        trail.write_text(json.dumps(self.audit, indent=2) + "\n", encoding="utf-8")

    def _columns(self) -> dict[str, Any]:
        return {
            "rank": np.arange(len(self)),
            "index": self.indices,
            "id": self.indices if self.ids is None else self.ids,
            "score": self.scores,
            "reason": self.reasons,
            "inclusion_probability": self.inclusion_probabilities,
        }

    def __repr__(self) -> str:
        shown = ", ".join(map(str, self.indices[:8])) + (", ..." if len(self) > 8 else "")
        return f"Selection of {len(self)} rows: [{shown}]" + "".join(f"\n  {note}" for note in self.notes)

    def _repr_html_(self) -> str:
        columns = self._columns()
        head = "".join(f"<th>{name}</th>" for name in columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_short(values[i]))}</td>" for values in columns.values()) + "</tr>"
            for i in range(min(len(self), 10))
        )
        more = f"<p>{len(self)} rows" + "".join(f"<br>{html.escape(note)}" for note in self.notes) + "</p>"
        return f"<table><tr>{head}</tr>{body}</table>{more}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def select(
    strategy: str,
    *,
    embeddings: ArrayLike | Shards | None = None,
    probs: ArrayLike | Files | None = None,
    logits: ArrayLike | None = None,
    mc_probs: ArrayLike | Files | None = None,
    features: ArrayLike | None = None,
    labeled: ArrayLike = (),
    candidates: ArrayLike | None = None,
    batch: int,
    seed: int = 0,
    reserve: float = 0.0,
    threads: int = 0,
    ids: Sequence[Any] | NDArray[Any] | None = None,
    progress: Progress = None,
    epig_targets: ArrayLike | None = None,
    metric: str = "euclidean",
    dedup: float = 0.0,
    hash: bool = False,
    **options: bool | float | str,
) -> Selection:
    """Chooses `batch` rows to label next. Equal arguments give equal picks, on any number of threads.

    Only what the strategy needs (`strategies()`) has to be given:

    - `embeddings`: N x D, float32 or float16; read in place, also from a memory map. Or shards: files by name,
      folder or pattern ("shards/*.npy"), or a list of them or of arrays; rows are numbered through, nothing is put
      together, and the names beside the files (`ids.txt`) come back as `ids`.
    - `probs`: N x C class probabilities, each row summing to 1; or `logits`, N x C, instead.
    - `mc_probs`: K x N x C class probabilities of K stochastic passes (Monte Carlo dropout, an ensemble).
      Both also as files by name or pattern, one for each shard of the embeddings; they are put together in memory.
    - `features`: N x H penultimate features of the model, where they are not the embeddings (BADGE, BAIT).

    `labeled` names the rows that have labels: their numbers, or a mask of N bools. `candidates`, named alike, are the
    unlabelled rows that may be picked, if not all. `reserve` is the share of the
    batch drawn uniformly at random, for honest statistics. `ids`, N names, come back with the picks. `progress`:
    True shows a bar, a function is called with (done, total).

    `metric="cosine"` measures distances between embeddings by their angle (a copy of length 1 is made). `dedup`, a cosine
    above 0, leaves out candidates that are near-duplicates of a labelled row or of an earlier candidate. `hash=True`
    puts the inputs' SHA-256 into `Selection.audit`, which `Selection.save` writes beside the picks.

    PyTorch's tensors are taken too, with a gradient, on a GPU or bfloat16 (the last two are copied).

    `epig_targets`: for epig, the rows whose predictions the labels should inform. `options` are the strategy's own:
    `goldpan.strategies()` lists them with their defaults, ranges and what they do.

    >>> goldpan.select("hybrid", embeddings=e, probs=p, batch=100, shortlist_factor=3)

    Raises ValueError for a missing input, wrong shapes, values that are not finite, a batch that is too large, or an
    option out of range; TypeError for an option that the strategy does not have.
    """
    shards = open_shards(embeddings)
    e = None
    if embeddings is not None and shards is None:
        e = as_floats(cast(ArrayLike, embeddings), "embeddings", "N x D", HALF_OR_SINGLE)
    h = None if features is None else as_floats(features, "features", "N x H", HALF_OR_SINGLE)
    if metric not in ("euclidean", "cosine"):
        raise ValueError(f"[metric] got '{metric}', expected euclidean or cosine")
    lengths = None if shards is None else shards.lengths
    p = None if probs is None else join_files(probs, lengths, 0, "N x C")
    if probs is not None and p is None:
        p = as_floats(cast(ArrayLike, probs), "probs", "N x C", SINGLE)
    z = None if logits is None else as_floats(logits, "logits", "N x C", SINGLE)
    if z is not None:
        p = _softmax(z, p)
    m = None if mc_probs is None else join_files(mc_probs, lengths, 1, "K x N x C")
    if mc_probs is not None and m is None:
        m = as_floats(cast(ArrayLike, mc_probs), "mc_probs", "K x N x C", SINGLE)
    sizes = {
        name: len(array) if name != "mc_probs" else array.shape[1]
        for name, array in {
            "embeddings": e, "features": h, "probs" if z is None else "logits": p, "mc_probs": m}.items()
        if array is not None
    }
    if shards is not None:
        sizes = {"embeddings": len(shards), **sizes}
        ids = shards.ids() or None if ids is None else ids
    if ids is not None:
        sizes["ids"] = len(ids)
    if not sizes:
        raise ValueError(
            "[select] got no input, expected at least one of embeddings, features, probs, mc_probs (or ids, where "
            "a strategy needs no numbers)"
        )
    (first, rows), *others = sizes.items()
    for name, size in others:
        if size != rows:
            raise ValueError(f"[{name}] got {size} rows, expected {rows} as in {first}")
    batch, seed, threads = operator.index(batch), operator.index(seed), operator.index(threads)
    for name, number in {"batch": batch, "seed": seed}.items():
        if number < 0:
            raise ValueError(f"[{name}] got {number}, expected 0 or more")
    for name in options:
        _check_option(strategy, name)
    known = as_rows(labeled, "labeled", rows)
    allowed = None if candidates is None else as_rows(candidates, "candidates", rows)
    if allowed is not None and len(both := np.intersect1d(known, allowed)):
        raise ValueError(f"[candidates] got row {both[0]}, which is labelled, expected unlabelled rows")
    begin = time.perf_counter()
    indices, scores, reasons, probabilities, notes, candidate_count = _core.select(
        strategy, rows, e, h, p, m, known, allowed, batch, seed, reserve, threads,
        None if epig_targets is None else as_rows(epig_targets, "epig_targets", rows), options, listener(progress),
        shards, dedup, metric == "cosine",
    )
    seconds = time.perf_counter() - begin
    arrays = {"embeddings": e, "features": h, "probs": p if z is None else None, "logits": z, "mc_probs": m}
    audit = {
        "goldpan": _core.version,
        "settings": {
            "strategy": strategy, "batch": batch, "seed": seed, "reserve": reserve,
            "options": {name: value if isinstance(value, (bool, int, str)) else float(value)
                        for name, value in options.items()},
            "metric": metric, "dedup": dedup, "labeled": len(known), "candidates": candidate_count, "pool": rows,
        },
        "score": next(info.score for info in strategies() if info.name == strategy),
        "inputs": {name: _describe(array, hash) for name, array in arrays.items() if array is not None}
        | ({} if shards is None else {"embeddings": {"shards": shards.names}}),
        "notes": notes,
        "timings": {"select_seconds": seconds},
        "threads": threads or os.cpu_count(),
    }
    return Selection(
        indices, scores, _reason_names()[reasons], probabilities,
        None if ids is None else np.asarray(ids)[indices], notes, audit,
    )


def _softmax(logits: NDArray[Any], probs: NDArray[Any] | None) -> NDArray[np.float32]:
    if probs is not None:
        raise ValueError("[logits] got logits and probs, expected one of them")
    if logits.shape[1] == 1:
        raise ValueError(
            "[logits] got one column of logits, expected one a class, 2 or more; a binary model's logit z makes two: 0 "
            "and z"
        )
    bad = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if len(bad):
        raise ValueError(f"[logits] row {bad[0]} is not finite")
    return _core.apply_temperature(logits, 1.0)


def _describe(array: NDArray[Any], with_hash: bool) -> dict[str, Any]:
    described: dict[str, Any] = {"shape": list(array.shape), "dtype": array.dtype.name}
    if with_hash:
        described["sha256"] = _core.sha256(array)
    return described


class Duplicates(NamedTuple):
    """Near-duplicates of a pool, grouped around the rows that stand for them."""

    #: One row a group, ascending.
    kept: NDArray[np.int64]
    #: For each row the kept row that stands for it (itself where it is kept).
    representative: NDArray[np.int64]

    def groups(self) -> dict[int, NDArray[np.int64]]:
        """The groups of more than one row: kept row -> all rows of its group, ascending."""
        order = np.argsort(self.representative, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(self.representative[order])) + 1)
        return {int(self.representative[part[0]]): part for part in parts if len(part) > 1}


def dedup(
    embeddings: ArrayLike | Shards, cosine: float = 0.95, *, threads: int = 0, progress: Progress = None
) -> Duplicates:
    """Groups rows of embeddings whose cosine is `cosine` or more around the first of them.

    Goes through the rows in order and keeps each whose cosine with every row kept so far is below `cosine`; another
    joins the kept row that it is most similar to. Exact: O(N K D) for K kept rows. `embeddings` as `select` takes them,
    shards too; those on many workers: `goldpan.distributed.dedup`.

    >>> kept = goldpan.dedup(embeddings).kept
    """
    shards = open_shards(embeddings)
    e = None if shards is not None else as_floats(cast(ArrayLike, embeddings), "embeddings", "N x D", HALF_OR_SINGLE)
    return Duplicates(*_core.deduplicate(e, cosine, threads, listener(progress), shards))
