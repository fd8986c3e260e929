"""Pools in many files."""
from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from goldpan import _core
from goldpan._arrays import HALF_OR_SINGLE, SINGLE, as_floats

#: Files by name, folder or pattern, or arrays: what `open_shards` takes.
Shards = Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]], Sequence[NDArray[Any]]]


#: Files by name or pattern.
Files = Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]]]


def is_path(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike))


def open_shards(values: Any, column: str = "embedding") -> _core.Pieces | None:
    """The embeddings in these files or arrays, mapped where they can be; None for what are no shards.

    `.npy` files are mapped. Parquet files (of a list column of fixed size, float32 or float16, which pyarrow reads)
    are held in memory.
    """
    if is_path(values):
        values = [values]
    if not isinstance(values, (list, tuple)) or not values:
        return None
    if all(is_path(value) for value in values):
        names = [os.fspath(value) for value in values]
        if not any(name.endswith(".parquet") for name in names):
            return _core.Pieces(names)
        names = _expand(names)
        return _core.Pieces([read_shard(name, column) for name in names], names)
    if all(isinstance(value, np.ndarray) and value.ndim == 2 for value in values):
        names = [f"embeddings[{i}]" for i in range(len(values))]
        arrays = [as_floats(array, name, "N x D", HALF_OR_SINGLE) for array, name in zip(values, names)]
        return _core.Pieces(arrays, names)
    return None


def join_files(values: Any, lengths: Sequence[int] | None, axis: int, shape: str) -> NDArray[np.float32] | None:
    """The arrays in these files as one, along the axis of rows; None for what are no files.

    `lengths`: the rows that each is to have, where that is known. A single file is mapped.
    """
    if is_path(values):
        values = [values]
    if not isinstance(values, (list, tuple)) or not values or not all(is_path(value) for value in values):
        return None
    names = _expand([os.fspath(value) for value in values])
    if lengths is not None and len(names) != len(lengths):
        raise ValueError(f"[{names[0]}] got {len(names)} files, expected one for each of {len(lengths)} shards of embeddings")
    arrays: list[NDArray[np.float32]] = []
    for i, name in enumerate(names):
        array = as_floats(np.load(name, mmap_mode="r"), name, shape, SINGLE)
        if lengths is not None and array.shape[axis] != lengths[i]:
            raise ValueError(f"[{name}] has {array.shape[axis]} rows, expected the {lengths[i]} of its shard")
        if arrays and array.shape[-1] != arrays[0].shape[-1]:
            raise ValueError(f"[{name}] has {array.shape[-1]} columns, expected {arrays[0].shape[-1]} as in {names[0]}")
        if arrays and axis == 1 and len(array) != len(arrays[0]):
            raise ValueError(f"[{name}] has {len(array)} passes, expected {len(arrays[0])} as in {names[0]}")
        sums = array.sum(axis=-1)
        if not np.isfinite(sums).all():
            row = np.argwhere(~np.isfinite(sums))[0][axis]
            raise ValueError(f"[{name}] row {row} holds a NaN or an infinity, expected finite numbers")
        arrays.append(array)
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=axis)


def _expand(names: Sequence[str]) -> list[str]:
    import glob

    found: list[str] = []
    for name in names:
        if os.path.exists(name) or not glob.has_magic(name):
            found.append(name)
        elif some := sorted(glob.glob(name), key=os.fsencode):
            found += some
        else:
            raise ValueError(f"[{name}] no file matches this pattern")
    return found


def read_shard(name: str, column: str) -> NDArray[Any]:
    """One file as an array of N x D."""
    if not name.endswith(".parquet"):
        return as_floats(np.load(name, mmap_mode="r"), name, "N x D", HALF_OR_SINGLE)
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError(f"[{name}] Parquet needs pyarrow: pip install 'goldpan-al[parquet]'") from error
    schema = pq.read_schema(name)
    if column not in schema.names:
        raise ValueError(f"[{name}] has no column '{column}', expected one of {', '.join(schema.names)}")
    kind = _storage(schema.field(column).type)
    numbers = (pa.float32(), pa.float16())
    if not (pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind)) or kind.value_type not in numbers:
        raise ValueError(f"[{name}] has column '{column}' of {kind}, expected a list of fixed size of float or halffloat")
    values = pq.read_table(name, columns=[column])[column].combine_chunks()
    values = getattr(values, "storage", values)  # of Ray's and Arrow's tensors
    if values.null_count or (len(values) and values.flatten().null_count):
        raise ValueError(f"[{name}] has nulls in column '{column}', expected numbers only")
    if pa.types.is_fixed_size_list(kind):
        size = kind.list_size
    else:  # a list of any size: then all rows must be as long as the first
        lengths = np.diff(values.offsets.to_numpy())
        size = int(lengths[0]) if len(lengths) else 0
        if len(wrong := np.flatnonzero(lengths != size)):
            raise ValueError(f"[{name}] has {lengths[wrong[0]]} numbers in row {wrong[0]}, expected {size} as in row 0")
    flat = values.flatten().to_numpy(zero_copy_only=True)
    return np.ascontiguousarray(flat).reshape(len(values), size)


def _storage(kind: Any) -> Any:
    """What an extension type, as that of Ray's tensors, is stored as."""
    return getattr(kind, "storage_type", kind)
