"""What the engine may read in place, and what is converted first."""
from __future__ import annotations

import mmap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

HALF_OR_SINGLE = (np.float32, np.float16)
SINGLE = (np.float32,)


def as_floats(
    values: ArrayLike, name: str, shape: str, types: Sequence[type] = HALF_OR_SINGLE
) -> NDArray[Any]:
    """`values` in one of `types`, in C order, with as many dimensions as `shape` ("N x D") names.

    The array itself where it is that already; else a converted copy, unless it is a memory map.
    """
    array = np.asarray(plain(values))
    expected = f"an array of {shape}"
    if array.ndim != shape.count(" x ") + 1:
        raise ValueError(f"[{name}] got {array.ndim} dimensions, expected {expected}")
    if array.dtype.type in types and array.dtype.isnative and array.flags.c_contiguous and array.flags.aligned:
        return array
    if array.dtype.kind not in "fiub":
        raise ValueError(f"[{name}] got {array.dtype}, expected {expected} of numbers")
    if is_mapped(array):
        allowed = " or ".join(np.dtype(t).name for t in types)
        order = "" if array.flags.c_contiguous else " that is not in C order"
        raise ValueError(
            f"[{name}] got a memory map of {array.dtype}{order}, expected {allowed} in C order: "
            "converting would copy the whole file. Save it once more as np.save(path, "
            "np.ascontiguousarray(array, dtype=np.float32)), or pass that if it fits into memory"
        )
    keep = array.dtype.type in types
    with np.errstate(over="ignore"):  # what is too large becomes infinite, which the engine refuses
        return np.ascontiguousarray(array, dtype=array.dtype.type if keep else np.float32)


def plain(values: Any) -> Any:
    """PyTorch's tensors as NumPy can take them, whatever they are: with a gradient, on a GPU, bfloat16.

    Tensors in main memory of types that NumPy has share it; others are copied. Everything else is returned as it is.
    """
    if type(values).__module__.partition(".")[0] != "torch" or not hasattr(values, "detach"):
        return values
    tensor = values.detach().resolve_conj().resolve_neg() if hasattr(values, "resolve_neg") else values.detach()
    if tensor.device.type != "cpu":
        tensor = tensor.cpu()
    if str(tensor.layout) != "torch.strided":
        tensor = tensor.to_dense()
    if str(tensor.dtype) == "torch.bfloat16":  # NumPy has no such type
        tensor = tensor.float()
    return tensor.numpy()


def is_mapped(array: NDArray[Any]) -> bool:
    """Whether the values lie in a mapped file, whatever views are laid over it."""
    base: Any = array
    while base is not None:
        if isinstance(base, (np.memmap, mmap.mmap)):
            return True
        base = getattr(base, "base", None)
    return False


def as_rows(values: ArrayLike, name: str, count: int) -> NDArray[np.uint32]:
    """Row numbers, ascending, from numbers in any order or from a mask of `count` bools."""
    array = np.asarray(plain(values))
    if array.size == 0:
        return np.empty(0, np.uint32)
    if array.ndim != 1:
        raise ValueError(f"[{name}] got {array.ndim} dimensions, expected row numbers or a mask of {count} bools")
    if array.dtype == np.bool_:
        if len(array) != count:
            raise ValueError(f"[{name}] got a mask of {len(array)}, expected {count}: one a row")
        return np.flatnonzero(array).astype(np.uint32)
    if array.dtype.kind not in "iu":
        raise ValueError(f"[{name}] got {array.dtype}, expected row numbers or a mask of {count} bools")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= count:
        raise ValueError(f"[{name}] got row {low if low < 0 else high}, expected 0 to {count - 1}")
    rows = np.sort(array).astype(np.uint32)
    twice = np.flatnonzero(rows[1:] == rows[:-1])
    if len(twice):
        raise ValueError(f"[{name}] got row {rows[twice[0]]} twice, expected each row once")
    return rows


def unknown_labels(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Which labels say "nobody knows yet": None, NaN, NaT, an empty text, or -1.

    -1 is a class only beside +1 alone, as binary labels are often written.
    """
    kind = labels.dtype.kind
    if kind in "iu":
        return np.asarray((labels == -1) & (not set(np.unique(labels)) <= {-1, 1}), dtype=np.bool_)
    if kind == "f":
        known = labels[~np.isnan(labels)]
        return np.asarray(np.isnan(labels) | ((labels == -1) & (not set(np.unique(known)) <= {-1, 1})), dtype=np.bool_)
    if kind == "M":
        return np.asarray(np.isnat(labels), dtype=np.bool_)
    if kind in "US":
        return np.asarray(labels == labels.dtype.type(""), dtype=np.bool_)
    if kind != "O":
        return np.zeros(labels.shape, np.bool_)
    numbers = {label for label in labels.flat if isinstance(label, (int, float, np.number)) and label == label}
    minus_one_is_a_class = bool(numbers) and numbers <= {-1, 1}

    def unknown(label: Any) -> bool:
        if label is None or (isinstance(label, str) and label == ""):
            return True
        try:
            if label != label:  # NaN and NaT, pandas' NA apart
                return True
        except TypeError:  # NA is neither true nor false
            return True
        return isinstance(label, (int, float, np.number)) and label == -1 and not minus_one_is_a_class

    return np.array([unknown(label) for label in labels.flat], np.bool_).reshape(labels.shape)


def refuse_unknown_labels(labels: NDArray[Any], name: str, reason: str) -> None:
    """Raises ValueError naming the first unknown label."""
    unknown = np.flatnonzero(unknown_labels(labels))
    if len(unknown):
        raise ValueError(
            f"[{name}] got {len(unknown)} unknown labels ({labels[unknown[0]]!r} in row {unknown[0]} is the first), "
            f"expected a label for each row: {reason}"
        )


def as_classes(labels: NDArray[Any], name: str) -> tuple[list[str], NDArray[np.int64]]:
    """The names of the classes that occur, sorted as the labels are, and the number of each row's class."""
    try:
        values, codes = np.unique(labels, return_inverse=True)
    except TypeError:
        raise ValueError(f"[{name}] got labels of types that cannot be compared, expected one type") from None
    whole = values.dtype.kind == "f" and bool(np.all(values == np.floor(values)))
    names = [str(int(value)) if whole else str(value) for value in values]
    for text in names:
        if not text.strip() or "\n" in text or "\r" in text:
            raise ValueError(f"[{name}] got the label {text!r}, expected names of one line")
    return names, codes.astype(np.int64)


def as_codes(labels: ArrayLike, name: str, classes: int) -> NDArray[np.int32]:
    """Class numbers in [0, classes)."""
    array = np.asarray(plain(labels))
    if array.ndim != 1 or array.dtype.kind not in "iub":
        raise ValueError(
            f"[{name}] got {array.ndim} dimensions of {array.dtype}, expected one class number a row, "
            f"0 to {classes - 1}"
        )
    if len(array) and (array.min() < 0 or array.max() >= classes):
        wrong = int(array.min()) if array.min() < 0 else int(array.max())
        raise ValueError(f"[{name}] got class {wrong}, expected 0 to {classes - 1}")
    return np.ascontiguousarray(array, dtype=np.int32)
