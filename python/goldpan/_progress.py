"""How long work shows itself."""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Union

# False or None: silent. True: a bar (tqdm where it is installed, else lines on standard error). A function: called
# with (done, total).
Progress = Union[bool, Callable[[int, int], object], None]


class Listener:
    """What the engine talks to; its methods are called on the thread that called the engine."""

    def __init__(self, show: Callable[[int, int], object] | None, messages: bool) -> None:
        self._show = show
        self._messages = messages
        self._stage = ""
        self._bar: Any = None
        self._tenth = -1

    def say(self, message: str) -> None:
        if self._messages:
            self._clear()
            print(message, file=sys.stderr)

    def progress(self, stage: str, done: int, total: int) -> None:
        if self._show is not None:
            self._show(done, total)
            return
        if stage != self._stage:
            self._clear()
            self._stage = stage
        if not self._tqdm(done, total):
            self._lines(done, total)
        if done >= total:
            self._clear()

    def _tqdm(self, done: int, total: int) -> bool:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return False
        if self._bar is None:
            self._bar = tqdm(total=total, desc=self._stage, leave=False, file=sys.stderr)
        self._bar.update(done - self._bar.n)
        return True

    def _lines(self, done: int, total: int) -> None:
        tenth = 10 if total == 0 else done * 10 // total
        if tenth != self._tenth:
            self._tenth = tenth
            print(f"{self._stage}: {tenth * 10} %", file=sys.stderr)

    def _clear(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._tenth = -1


def listener(progress: Progress, messages: bool = False) -> Listener | None:
    """`messages`: what the work has to say is printed too, where a bar is shown."""
    if callable(progress):
        return Listener(progress, False)
    return Listener(None, messages) if progress else None
