"""`goldpan run` in this process."""
from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from goldpan import _core
from goldpan._arrays import HALF_OR_SINGLE, as_classes, as_floats, refuse_unknown_labels
from goldpan._progress import Progress, listener
from goldpan._results import Results


def run(
    data: str | os.PathLike[str] | tuple[ArrayLike, ArrayLike] = "auto",
    out: str | os.PathLike[str] = "outputs",
    *,
    strategies: list[str] | None = None,
    budgets: Sequence[float | str] | None = None,
    seeds: list[int] | None = None,
    threads: int = 0,
    fresh: bool = False,
    cache: str | os.PathLike[str] | None = None,
    ablate: Sequence[str] = (),
    label_price: float = 0.05,
    progress: Progress = True,
    **settings: Any,
) -> Results:
    """Measures what active learning is worth on labelled data: plays the whole loop and writes the report into `out`.

    The same as `goldpan run`: `data` is "cifar10:DIR", "folder:DIR", "npy:DIR", ... or "auto"; or a pair of arrays,
    embeddings (N x D) and labels (N), which are written to `out`/data first. A budget up to 1 is a share of the pool, above
    1 a count of labels: `budgets=[20, 100, "5%", 0.25, 1]`. Every setting of the program goes by the name of its long
    option with underscores: `encoder="lite0"`, `dim=256`, `cold_start="random"`, `reserve=0.1`,
    `test_fraction=0.2`, `passes=20`, ... An unknown one raises TypeError listing them all. `task="detection"` measures on
    boxes and `task="multilabel"` on several labels an item, of data that has them ("bdd100k:DIR").

    Stopped (Ctrl-C raises KeyboardInterrupt) or killed, the same call resumes; `fresh=True` starts over. Embeddings
    are kept in `cache` (`out`/cache). `ablate` names guards ("reserve", "calibration", "class_floor", "cold_start"): the
    run is repeated without each of them, and their effect goes to `out`/tables/ablation.csv. gnuplot is needed for figures alone.

    >>> results = goldpan.run("cifar10:data/cifar-10-batches-bin", "outputs/cifar10", strategies=["random", "badge"])
    >>> results.budget_gains
    """
    out = pathlib.Path(out)
    if isinstance(data, tuple):
        data = _written(data, out / "data")
    wanted = {
        "data": os.fspath(data), "strategies": strategies, "budgets": budgets, "seeds": seeds, **settings
    }
    flags = {flag.removeprefix("--").replace("-", "_"): flag for flag, *_ in _core.settings()}
    for name in settings:
        if name not in flags:
            raise TypeError(f"run() got an unknown setting '{name}', expected one of {', '.join(sorted(flags))}")
    given = [(flags[name], _as_text(value)) for name, value in wanted.items() if value is not None]
    cache = out / "cache" if cache is None else pathlib.Path(cache)
    _, warnings = _engine().run(
        given, out, cache, list(ablate), threads, fresh, label_price, listener(progress, messages=True)
    )
    if progress:
        for warning in warnings:
            print(f"warning: {warning}", file=sys.stderr)
    return Results(out)


def _engine() -> Any:
    """The module whose `run` has the most encoders: with networks where OpenVINO is, else with `patches` alone."""
    try:
        from goldpan import _networks
    except ImportError:
        return _core
    return _networks


def _as_text(value: Any) -> str:
    """As one types it after the option."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, np.ndarray, range)):
        return ",".join(_as_text(part) for part in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def _written(arrays: tuple[ArrayLike, ArrayLike], folder: pathlib.Path) -> str:
    """An `npy:` folder that holds the arrays. Classes are those that occur, in sorted order."""
    embeddings = as_floats(arrays[0], "embeddings", "N x D", HALF_OR_SINGLE)
    labels = np.asarray(arrays[1])
    if labels.shape != embeddings.shape[:1]:
        raise ValueError(f"[labels] got shape {labels.shape}, expected ({len(embeddings)},)")
    folder.mkdir(parents=True, exist_ok=True)
    refuse_unknown_labels(labels, "labels", "a run plays them back; leave out the rows that have none")
    names, codes = as_classes(labels, "labels")
    (folder / "classes.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    np.save(folder / "embeddings.npy", embeddings)
    np.save(folder / "labels.npy", codes)
    return f"npy:{folder}"
