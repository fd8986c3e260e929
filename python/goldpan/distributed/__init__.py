"""Selection from pools beyond one machine: the picks of one machine, from shards on many.

`select` runs the rounds on Ray (`pip install 'goldpan-al[ray]'`), on processes of this machine, or in this process. Each
worker holds its shards in the engine; what travels is small and stated in docs/distributed.md. For Spark, Dask or
anything else that can call a function somewhere: `Worker` answers for some shards, `Merger` asks, and both speak in
bytes.
"""
from __future__ import annotations

import hashlib
import json
import math
import operator
import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldpan import _core
from goldpan._arrays import as_rows
from goldpan._progress import Progress, listener
from goldpan._select import Selection, _check_option
from goldpan._shards import Files, _expand, is_path
from goldpan.distributed._engines import Engine, Local, Lost, Processes, RayActors
from goldpan.distributed._merger import Merger
from goldpan.distributed._worker import Part, Worker

__all__ = [
    "DistributedDuplicates", "DistributedSelection", "Engine", "Local", "Lost", "Merger", "Part", "Processes", "RayActors",
    "Worker", "deal", "dedup", "has_rounds", "select",
]

def has_rounds(strategy: str) -> bool:
    """Whether `select` can run this strategy; the others need the whole pool in one place."""
    return _core.has_rounds(strategy)


def deal(ids: Sequence[str], shards: int, seed: int = 0) -> list[int]:
    """The shard that each item goes to when a pool is written: a hash of its name, whatever the order of the files."""
    if shards < 1:
        raise ValueError(f"[shards] got {shards}, expected at least 1")
    return [_core.deal(name, shards, seed) for name in ids]


@dataclass(frozen=True)
class DistributedSelection(Selection):
    """A `Selection`, and what it took."""

    #: Questions that all workers had to answer.
    rounds: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    #: Workers that were lost and made anew.
    restarts: int = 0
    #: Seconds until the workers had read and checked their shards, and after that.
    read_seconds: float = field(default=0.0, compare=False)
    select_seconds: float = field(default=0.0, compare=False)


class DistributedDuplicates(NamedTuple):
    """What `goldpan.dedup` finds in the whole pool, and what it took."""

    #: One row a group, ascending.
    kept: NDArray[np.int64]
    #: For each row the kept row that stands for it (itself where it is kept).
    representative: NDArray[np.int64]
    rounds: int
    bytes_sent: int
    bytes_received: int
    restarts: int


def select(
    strategy: str,
    shards: Files | None,
    batch: int,
    *,
    probs: Files | None = None,
    mc_probs: Files | None = None,
    features: Files | None = None,
    labeled: ArrayLike = (),
    seed: int = 0,
    reserve: float = 0.0,
    engine: str | Engine = "ray",
    workers: int | None = None,
    threads: int = 1,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_seconds: float = 10.0,
    max_restarts: int = 5,
    column: str = "embedding",
    progress: Progress = None,
    **options: bool | float | str,
) -> DistributedSelection:
    """The picks of `goldpan.select` on the whole pool, byte for byte, from shards that are never put together.

    (Those of max_herding and uherding are not these, but as good within a bound: `notes` say so. They depend on how
    the shards are dealt to workers.)

    - `shards`: the files of embeddings, `.npy` or Parquet (list column `column`), by name, folder or pattern, in the
      order in which rows are numbered. None for strategies that need no embeddings.
    - `probs`, `mc_probs`, `features`: files for the same rows, one for each shard, in the same order.
    - `labeled`: rows of the pool that have labels, by number or as a mask.
    - `reserve`: the share of the batch drawn uniformly at random before all else, as `goldpan.select` draws it.
    - `progress`: True shows a bar; a function is called with (done, total): rows of all shards while these are read, then
      picks.
    - `engine`: "ray", "processes" (of this machine), "local" (this process), or an `Engine`. `workers`: how many (at
      most one a shard; by default what the engine has room for), each with `threads` threads.
    - `checkpoint`: a file. Written between rounds, at most every `checkpoint_seconds`; where it exists, the selection
      goes on from it; removed when the picks are there.

    A worker that dies is replaced, reads its shards again and is told what it missed; `max_restarts` deaths of one
    worker without an answer between them raise RuntimeError. Bad input raises ValueError, which names the shard.
    """
    if not has_rounds(strategy):
        _core.RoundsMerger(strategy, 1, 0, 0, 1, {})  # which says what can be asked for
    for name in options:
        _check_option(strategy, name)
    batch, seed = operator.index(batch), operator.index(seed)
    for name, number in {"batch": batch, "seed": seed}.items():
        if number < 0:
            raise ValueError(f"[{name}] got {number}, expected 0 or more")
    if not 0 <= reserve <= 1:
        raise ValueError(f"[reserve] got {reserve}, expected a share from 0 to 1")
    files = {
        "embeddings": _files(shards), "probs": _files(probs), "mc_probs": _files(mc_probs), "features": _files(features)
    }
    team = _engine(engine, workers, threads)
    try:
        run = _Run(team, _parts(files, team.size, column), seed, threads, max_restarts, progress)
        return run.select(strategy, batch, reserve, dict(options), labeled, checkpoint, checkpoint_seconds)
    finally:
        team.close()


def dedup(
    shards: Files,
    cosine: float = 0.95,
    *,
    engine: str | Engine = "ray",
    workers: int | None = None,
    threads: int = 1,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_seconds: float = 10.0,
    max_restarts: int = 5,
    column: str = "embedding",
    handful: int = 16384,
    progress: Progress = None,
) -> DistributedDuplicates:
    """The very rows that `goldpan.dedup` keeps of the whole pool, and those that stand for the others.

    Shards take turns; each names the rows it keeps, `handful` at a time, and those after it compare theirs with these. So
    no worker holds more than its share and one handful of others' rows. `progress` counts rows of all shards. All else
    is as in `select`.
    """
    team = _engine(engine, workers, threads)
    try:
        run = _Run(team, _parts({"embeddings": _files(shards)}, team.size, column), 0, threads, max_restarts, progress)
        return run.dedup({"cosine": cosine, "handful": operator.index(handful)}, checkpoint, checkpoint_seconds)
    finally:
        team.close()


def _parts(files: dict[str, list[str]], size: int, column: str) -> list[Part]:
    """What each worker looks after: files that follow on each other, as many of each kind as there are shards."""
    counts = {name: len(names) for name, names in files.items() if names}
    if not counts:
        raise ValueError("[shards] got no files, expected those of embeddings, or of probs or mc_probs")
    if len(set(counts.values())) > 1:
        raise ValueError(
            "[shards] got " + ", ".join(f"{count} files of {name}" for name, count in counts.items())
            + ", expected one of each for every shard"
        )
    count = next(iter(counts.values()))
    return [
        Part(**{name: tuple(names[i] for i in cut) if names else () for name, names in files.items()}, column=column)
        for cut in np.array_split(np.arange(count), min(count, size))
    ]


def _files(names: Files | None) -> list[str]:
    if names is None:
        return []
    listed = [os.fspath(names)] if is_path(names) else [os.fspath(name) for name in names]  # type: ignore[arg-type,union-attr]
    found: list[str] = []
    # What stands for several files; names that only workers can see are taken as they are.
    for name in _expand(listed):
        found += _core.Pieces([name]).names if os.path.isdir(name) else [name]
    return found


def _engine(engine: str | Engine, workers: int | None, threads: int) -> Engine:
    if not isinstance(engine, str):
        return engine
    kinds: dict[str, Callable[[int | None, int], Engine]] = {"ray": RayActors, "processes": Processes, "local": Local}
    if engine not in kinds:
        raise ValueError(f"[engine] got '{engine}', expected one of {', '.join(kinds)} or an Engine")
    return kinds[engine](workers, threads)


class _Run:
    """One selection on a team of workers."""

    def __init__(
        self, team: Engine, parts: list[Part], seed: int, threads: int, max_restarts: int, progress: Progress
    ) -> None:
        self._team, self._parts = team, parts
        self._seed, self._threads, self._max_restarts = seed, threads, max_restarts
        self._show = listener(progress)
        self._begin: list[tuple[Any, ...]] = []
        self._fresh = [True] * len(parts)
        self._deaths = [0] * len(parts)
        self._restarts = 0
        self._cost = np.zeros(3, dtype=np.int64)  # rounds, bytes sent, bytes received
        self._read_seconds = 0.0
        self._ends: NDArray[np.int64] = np.zeros(1, dtype=np.int64)

    def select(
        self, strategy: str, batch: int, reserve: float, options: dict[str, Any], labeled: ArrayLike,
        checkpoint: str | os.PathLike[str] | None, seconds: float,
    ) -> DistributedSelection:
        start = time.monotonic()
        self._start()
        rows = int(self._ends[-1])
        known = as_rows(labeled, "labeled", rows)
        if batch > rows - len(known):
            raise ValueError(f"[batch] got {batch}, expected at most the {rows - len(known)} unlabelled rows")
        drawn = math.floor(reserve * batch + 0.5)
        pieces: list[tuple[Any, Any, str, float]] = []  # rows, scores, why, how likely
        if drawn:
            merger = self._rounds("random", drawn, {}, known, "reserve", None, seconds)
            indices, _, _ = merger.selection()
            pieces.append((indices, np.full(drawn, np.nan), "reserve", drawn / (rows - len(known))))
            known = np.sort(np.concatenate([known, indices.astype(np.uint32)]))
        merger = self._rounds(strategy, batch - drawn, options, known, "select", checkpoint, seconds)
        indices, scores, notes = merger.selection()
        chance = math.nan
        if strategy == "random" and rows > len(known):
            chance = (batch - drawn) / (rows - len(known))
            scores = np.full(len(indices), np.nan)  # a uniform draw has a probability, and no score
        pieces.append((indices, scores, "strategy", chance))
        indices = np.concatenate([piece[0] for piece in pieces])
        rounds, sent, received = self._cost
        return DistributedSelection(
            indices, np.concatenate([piece[1] for piece in pieces]),
            np.concatenate([np.full(len(piece[0]), piece[2]) for piece in pieces]),
            np.concatenate([np.full(len(piece[0]), piece[3]) for piece in pieces]),
            self._ids(indices), notes, rounds=int(rounds), bytes_sent=int(sent), bytes_received=int(received),
            restarts=self._restarts, read_seconds=self._read_seconds,
            select_seconds=time.monotonic() - start - self._read_seconds,
        )

    def dedup(
        self, options: dict[str, Any], checkpoint: str | os.PathLike[str] | None, seconds: float
    ) -> DistributedDuplicates:
        self._start()
        none = np.zeros(0, dtype=np.uint32)
        merger = self._rounds("dedup", 0, options, none, "select", checkpoint, seconds)
        kept, representative = merger.duplicates()
        rounds, sent, received = self._cost
        return DistributedDuplicates(kept, representative, int(rounds), int(sent), int(received), self._restarts)

    def _start(self) -> None:
        start = time.monotonic()
        self._team.start(self._parts)
        self._lengths = self._ask(lambda part: ("lengths", ()), range(len(self._parts)))
        self._ends = np.cumsum([0, *(sum(self._lengths[part]) for part in range(len(self._parts)))])
        self._read_seconds += time.monotonic() - start

    def _rounds(
        self, strategy: str, batch: int, options: dict[str, Any], known: NDArray[np.uint32], purpose: str,
        checkpoint: str | os.PathLike[str] | None, seconds: float,
    ) -> Merger:
        """All rounds of one strategy, around these labelled rows."""
        start, ends, everyone = time.monotonic(), self._ends, range(len(self._parts))
        merger = Merger(strategy, len(self._parts), batch, self._seed, self._threads, options, purpose)
        self._begin = []
        for part in everyone:
            own = known[(known >= ends[part]) & (known < ends[part + 1])] - np.uint32(ends[part])
            self._begin.append((
                strategy, int(ends[part]), int(ends[part + 1] - ends[part]), own.astype(np.uint32), self._threads, options
            ))
        self._fresh = [True] * len(self._parts)
        read = 0

        def count(part: int) -> None:
            nonlocal read
            read += self._begin[part][2]
            if self._show is not None:
                self._show.progress("reading", read, int(ends[-1]))

        self._ask(lambda part: ("begin", self._begin[part]), everyone, count)
        header = self._header(known, options)
        self._restore(merger, checkpoint, header)
        saved = time.monotonic()
        self._read_seconds += saved - start
        total = batch if strategy != "dedup" else int(ends[-1])
        while not merger.done:
            answers = self._ask_round(merger)
            try:
                merger.merge([answers.get(part, b"") for part in everyone])
            except ValueError as error:
                raise ValueError(self._with_names(str(error))) from None
            if self._show is not None:
                self._show.progress(strategy, merger.picked, total)
            if checkpoint is not None and not merger.done and time.monotonic() - saved >= seconds:
                self._save(merger, checkpoint, header)
                saved = time.monotonic()
        if checkpoint is not None and os.path.exists(checkpoint):
            os.remove(checkpoint)
        self._cost += merger.cost()
        return merger

    def _with_names(self, message: str) -> str:
        """What the engine says of shards by their number, with their files."""
        return re.sub(r"\bshard (\d+)\b", lambda found: f"{found[0]} ({self._parts[int(found[1])].describe()})", message)

    def _ask_round(self, merger: Merger) -> dict[int, bytes]:
        def question(part: int) -> tuple[str, tuple[Any, ...]] | None:
            request = merger.request(part, self._fresh[part])
            return ("propose", (request,)) if request else None

        return self._ask(question, range(len(self._parts)))

    def _ask(self, question: Any, parts: Any, heard: Callable[[int], None] | None = None) -> dict[int, Any]:
        """The answers of all parts; those that are lost are made anew and asked again, whatever they are to be told."""
        answers: dict[int, Any] = {}
        open_parts = list(parts)
        while open_parts:
            calls = {part: call for part in open_parts if (call := question(part)) is not None}
            lost: list[int] = []
            for part, answer in self._team.call(calls):
                if isinstance(answer, Lost):
                    self._revive(part, answer)
                    lost.append(part)
                    continue
                answers[part] = answer
                self._deaths[part] = 0
                if heard is not None:
                    heard(part)
                if calls[part][0] == "propose":
                    self._fresh[part] = False
            open_parts = lost
        return answers

    def _revive(self, part: int, lost: Lost) -> None:
        while True:
            self._restarts += 1
            self._deaths[part] += 1
            self._fresh[part] = True
            if self._deaths[part] > self._max_restarts:
                raise RuntimeError(
                    f"worker {part} ({self._parts[part].describe()}) died {self._deaths[part]} times without an "
                    f"answer: {lost.why}"
                )
            self._team.restart(part)
            if not self._begin:
                return
            (_, answer), = self._team.call({part: ("begin", self._begin[part])})
            if not isinstance(answer, Lost):
                return
            lost = answer

    def _ids(self, indices: Any) -> Any:
        """The names of the picks, where the shards bring names."""
        ends = self._ends
        owners = np.searchsorted(ends, indices, side="right") - 1
        wanted = {int(part): indices[owners == part] - ends[part] for part in np.unique(owners)}
        if not wanted:
            return None
        found = self._ask(lambda part: ("ids", (wanted[part],)), wanted)
        if any(names is None for names in found.values()):
            return None
        names = np.empty(len(indices), dtype=object)
        for part, own in found.items():
            names[owners == part] = own
        return names.astype(str)

    def _header(self, known: NDArray[np.uint32], options: dict[str, Any]) -> dict[str, Any]:
        return {
            "options": options,
            "shards": [name for part in self._parts for name in part.names()],
            "rows": [length for part in range(len(self._parts)) for length in self._lengths[part]],
            "labeled": hashlib.sha256(known.astype("<u4").tobytes()).hexdigest(),
        }

    def _save(self, merger: Merger, path: str | os.PathLike[str], header: dict[str, Any]) -> None:
        beside = f"{os.fspath(path)}.{os.getpid()}"
        with open(beside, "wb") as file:
            file.write(json.dumps(header).encode() + b"\n" + merger.checkpoint())
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)

    def _restore(self, merger: Merger, path: str | os.PathLike[str] | None, header: dict[str, Any]) -> None:
        if path is None or not os.path.exists(path):
            return
        with open(path, "rb") as file:
            head, _, state = file.read().partition(b"\n")
        try:
            saved = json.loads(head)
        except ValueError:
            raise ValueError(f"[{os.fspath(path)}] is no checkpoint; remove it to begin anew") from None
        for name, value in json.loads(json.dumps(header)).items():
            if saved.get(name) != value:
                raise ValueError(f"[{os.fspath(path)}] is a checkpoint of other {name}; remove it to begin anew")
        merger.restore(state)
