"""What looks after some shards, wherever it runs."""
from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldpan import _core
from goldpan._shards import join_files, open_shards


@dataclass(frozen=True)
class Part:
    """The files of shards that follow on each other, for one worker: as many of each kind as there are shards."""

    embeddings: tuple[str, ...] = ()
    probs: tuple[str, ...] = ()
    mc_probs: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    #: The list column of Parquet files.
    column: str = "embedding"

    def names(self) -> tuple[str, ...]:
        return self.embeddings or self.probs or self.mc_probs or self.features

    def describe(self) -> str:
        names = self.names()
        return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


class Worker:
    """Holds a `Part` in the engine and answers a Merger's requests. Makes no difference where it lives."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._pieces: _core.Pieces | None = None
        self._proposer: _core.ShardProposer | None = None
        self._inputs: tuple[NDArray[np.float32] | None, ...] | None = None

    def pid(self) -> int:
        return os.getpid()

    def _open(self) -> _core.Pieces | None:
        if self._pieces is None and self._part.embeddings:
            self._pieces = open_shards(self._part.embeddings, self._part.column)
        return self._pieces

    def lengths(self) -> list[int]:
        """The number of rows of each shard."""
        pieces = self._open()
        if pieces is not None:
            return pieces.lengths
        axis = 1 if not self._part.probs and self._part.mc_probs else 0
        return [int(np.load(name, mmap_mode="r").shape[axis]) for name in self._part.names()]

    def begin(
        self, strategy: str, first_row: int, rows: int, labeled: ArrayLike, threads: int,
        options: dict[str, Any],
    ) -> None:
        """Reads and checks the shards. `first_row`: of this part in the pool; `labeled`: of this part's rows."""
        if self._inputs is None:
            self._inputs = self._read()
        probs, mc_probs, features = self._inputs
        try:
            self._proposer = _core.ShardProposer(
                strategy, self._open(), features, probs, mc_probs, np.ascontiguousarray(labeled, dtype=np.uint32),
                first_row, rows, threads, options,
            )
        except ValueError as error:
            raise ValueError(f"{error} (in {self._part.describe()})") from None

    def _read(self) -> tuple[NDArray[np.float32] | None, ...]:
        lengths = self.lengths()
        probs = join_files(self._part.probs, lengths, 0, "n x C")
        mc_probs = join_files(self._part.mc_probs, lengths, 1, "K x n x C")
        features = join_files(self._part.features, lengths, 0, "n x H")
        return probs, mc_probs, features

    def propose(self, request: bytes) -> bytes:
        """The answer to a Merger's request."""
        if self._proposer is None:
            raise RuntimeError("begin() comes first")
        return self._proposer.propose(request)

    def ids(self, rows: NDArray[np.int64]) -> list[str] | None:
        """The names of these of the part's rows, from the files beside the shards; None where there are none."""
        pieces = self._open()
        names = pieces.ids() if pieces is not None else []
        return [names[row] for row in rows] if names else None
