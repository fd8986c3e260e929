"""To and from the tools in which people annotate images."""
from __future__ import annotations

import math
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from goldpan import _core

if TYPE_CHECKING:
    import pyarrow


class Rectangle(NamedTuple):
    """A box in pixels of the original image, from its upper left corner."""

    label: str
    x: float
    y: float
    width: float
    height: float
    #: How sure a model is; NaN: a person drew it.
    score: float = math.nan


class Answer(NamedTuple):
    """What one person said of one item, and what became of it."""

    #: The item's name as the tool has it.
    item: str
    #: Its row in `Annotations.ids`, or None where it is none of them.
    row: int | None
    who: str
    when: str
    #: "kept", "agreed", "outvoted", "cancelled", ...: docs/exchange.md has all of them.
    outcome: str
    explanation: str


@dataclass(frozen=True)
class Annotations:
    """What `import_annotations` made of a file: every annotation has an outcome, none is silently dropped."""

    #: The pool's names; rows count in it.
    ids: list[str]
    classes: list[str]
    #: The class of each labelled item, by id.
    labels: dict[str, str]
    #: The boxes of each item that has an answer, by id; an empty list is an image without objects.
    boxes: dict[str, list[Rectangle]]
    answers: list[Answer]
    #: The counts as lines for a person.
    summary: str
    _files: list[tuple[str, str]] = field(repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """How many annotations had each outcome; adds up to `len(answers)`."""
        return dict(Counter(answer.outcome for answer in self.answers))

    @property
    def rows(self) -> list[int]:
        """The rows of the answered items in `ids`, ascending: `labeled` of `select`."""
        known = self.labels or self.boxes
        return [row for row, name in enumerate(self.ids) if name in known]

    def write(self, folder: str | os.PathLike[str]) -> None:
        """Writes what `goldpan import` writes: labels.csv or boxes.json, labeled.txt, annotations.csv, summary.json."""
        _write(folder, self._files)

    def to_arrow(self) -> pyarrow.Table:
        """A table with a row for each label (id, label) or box (id, label, x, y, width, height). Needs pyarrow.

        `pyarrow.parquet.write_table(annotations.to_arrow(), "labels.parquet")` is Parquet.
        """
        import pyarrow

        if not self.boxes:
            columns: dict[str, list[Any]] = {"id": list(self.labels), "label": list(self.labels.values())}
            return pyarrow.table(columns, schema=pyarrow.schema([("id", pyarrow.string()), ("label", pyarrow.string())]))
        rows = [(name, box) for name, boxes in self.boxes.items() for box in boxes]
        columns = {"id": [name for name, _ in rows], "label": [box.label for _, box in rows]}
        for number in ("x", "y", "width", "height"):
            columns[number] = [getattr(box, number) for _, box in rows]
        return pyarrow.table(columns)


def exchange_formats() -> list[str]:
    """The names of the formats that `export_items` writes and `import_annotations` reads."""
    return [name for name, *_ in _core.exchange_formats()]


def export_items(
    ids: Sequence[str],
    format: str,
    out: str | os.PathLike[str],
    *,
    classes: Sequence[str],
    kind: str = "labels",
    labels: Mapping[str, str | tuple[str, float]] | None = None,
    boxes: Mapping[str, Sequence[Rectangle | tuple[Any, ...]]] | None = None,
    image_size: Callable[[str], tuple[int, int]] | None = None,
    image_prefix: str = "",
) -> list[Path]:
    """Writes items for people to annotate, with what a model suggests, as their tool wants them.

    - `ids`: the items, in the order in which they are to be seen; paths below the tool's folder of images.
    - `format`: "label-studio", "cvat", "coco", "yolo", "fiftyone" or "csv"; the files go below `out`.
    - `classes`: the names that people may choose from.
    - `kind`: "labels" (one class an image) or "boxes".
    - `labels`: a suggested class by id, or (class, confidence). `boxes`: suggested `Rectangle`s by id.
    - `image_size`: gives (width, height) in pixels of an id; boxes need it where a tool states them as shares.
    - `image_prefix`: what stands before an id in the tool: "/data/local-files/?d=images/".

    Returns the paths of the files. Raises ValueError for an item twice, a suggestion that is no class, an unknown size, or a
    format that does not know the kind.
    """
    items = []
    for name in ids:
        width, height = image_size(name) if image_size else (0, 0)
        guess = (labels or {}).get(name, "")
        label, confidence = (guess, math.nan) if isinstance(guess, str) else guess
        suggested = [Rectangle(*box) for box in (boxes or {}).get(name, ())]
        items.append((name, width, height, label, confidence, suggested, "", math.nan))
    files = _core.exchange_write(format, _is_boxes(kind), list(classes), items, image_prefix)
    return _write(out, files)


def import_annotations(
    path: str | os.PathLike[str],
    format: str,
    *,
    ids: Sequence[str] | None = None,
    classes: Sequence[str] = (),
    kind: str = "labels",
    rename: Mapping[str, str] | None = None,
    empty_is_answer: bool = False,
    image_size: Callable[[str], tuple[int, int]] | None = None,
) -> Annotations:
    """Reads what people answered, from the file or folder that their tool exported, as `goldpan import` does.

    Names that a tool changed find their way back (docs/exchange.md). Of several answers to one item the majority counts; a tie
    labels nothing and is named.

    - `path`: what the tool exported, or the folder of a `goldpan label` session; `format`: as of `export_items`, or "session".
    - `ids`: the pool's names. None: the items of the file.
    - `classes`: those that are known. Empty: those of the file. `rename`: names in the tool -> names here.
    - `kind`: "labels" or "boxes".
    - `empty_is_answer`: boxes: an item without a box is an image without objects, though nobody said so.
    - `image_size`: gives (width, height) in pixels of an item, for formats that state boxes as shares of them.

    Raises ValueError where the file is not of the format; the message names the place.

    ```python
    found = goldpan.import_annotations("export.json", "label-studio", ids=ids, classes=["cat", "dog"])
    picks = goldpan.select("k_center", embeddings=embeddings, labeled=found.rows, batch=100)
    ```
    """
    if format == "session":
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "session.csv"
            table.write_text(_core.session_labels(os.fspath(path)), encoding="utf-8", newline="")
            return import_annotations(table, "csv", ids=ids, classes=classes, rename=rename)
    names = None if ids is None else list(ids)
    found = _core.exchange_read(
        format, os.fspath(path), _is_boxes(kind), names, list(classes), dict(rename or {}), empty_is_answer, image_size)
    pool, known = found["ids"], found["classes"]
    return Annotations(
        ids=pool,
        classes=known,
        labels={pool[item]: known[label] for item, label, _ in found["labels"]},
        boxes={pool[item]: [Rectangle(known[box[0]], *box[1:]) for box in boxes] for item, boxes, _ in found["boxes"]},
        answers=[Answer(*answer) for answer in found["annotations"]],
        summary=found["summary"],
        _files=found["files"],
    )


def _is_boxes(kind: str) -> bool:
    if kind not in ("labels", "boxes"):
        raise ValueError(f"[kind] got '{kind}', expected labels or boxes")
    return kind == "boxes"


def _write(folder: str | os.PathLike[str], files: Sequence[tuple[str, str]]) -> list[Path]:
    paths = []
    for name, content in files:
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
        paths.append(path)
    return paths
