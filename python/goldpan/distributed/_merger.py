"""The coordinator's side, which knows nothing of what carries its questions."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from goldpan import _core


class Merger:
    """Asks the `Worker`s of all shards, in rounds, until the picks of `goldpan.select` with this seed are known.

    `shards`: how many workers there are, in the order of their rows. `options` are the strategy's own. Equal arguments
    give equal picks, whoever answers and however the pool is cut (MaxHerding and UHerding: equal for one cut). "dedup"
    for a strategy, with a batch of 0, is `goldpan.dedup`. `purpose`: "reserve" draws what `reserve` draws there.
    """

    def __init__(
        self, strategy: str, shards: int, batch: int, seed: int = 0, threads: int = 1,
        options: dict[str, Any] | None = None, purpose: str = "select",
    ) -> None:
        self._merger = _core.RoundsMerger(strategy, shards, batch, seed, threads, options or {}, purpose)

    @property
    def done(self) -> bool:
        """Whether the picks are known."""
        return self._merger.done

    @property
    def picked(self) -> int:
        """Picks so far; of "dedup": rows that are decided on."""
        return self._merger.picked

    def request(self, shard: int, fresh: bool = False) -> bytes:
        """What to ask this worker in this round; empty: nothing. `fresh`: it was made anew and has answered nothing."""
        return self._merger.request(shard, fresh)

    def merge(self, answers: Sequence[bytes]) -> None:
        """Takes the answers of a round, one a worker, empty for those that were not asked."""
        self._merger.merge(list(answers))

    def selection(self) -> tuple[NDArray[Any], NDArray[Any], list[str]]:
        """Rows of the pool, scores, and what the strategy had to say."""
        indices, scores, notes = self._merger.selection()
        return indices, scores, notes

    def duplicates(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Of "dedup": the kept rows, and for each row the one that stands for it."""
        kept, representative = self._merger.duplicates()
        return kept, representative

    def cost(self) -> tuple[int, int, int]:
        """Rounds, bytes in requests, bytes in answers."""
        rounds, sent, received = self._merger.cost()
        return rounds, sent, received

    def checkpoint(self) -> bytes:
        """The state between two rounds, for `restore` of a Merger with the same arguments, whose workers are all fresh."""
        return self._merger.checkpoint()

    def restore(self, checkpoint: bytes) -> None:
        """Goes on from a checkpoint."""
        self._merger.restore(checkpoint)
