"""Goldpan: active learning, measured honestly and selected fast.

`select` chooses the next batch to label from the embeddings and probabilities of any model; `run` measures what
active learning is worth on a labelled data set. NumPy is all that `import goldpan` needs: scikit-learn is imported
by `LinearHead`, pandas by tables, matplotlib by `Results.plot`, each when it is first used.

Arrays. float32 and float16 arrays in C order are read where they lie, without a copy; read-only arrays and memory
maps too. Other arrays of numbers are converted to float32 first, which copies them; a memory map that would have to
be converted is refused, since it may be larger than memory. Bad input raises ValueError; its message says what was
found and what was expected. Every function releases the GIL, stops at Ctrl-C, and gives the same result for any
number of threads (`threads=0`: all cores).
"""
from typing import TYPE_CHECKING, Any

from goldpan._core import version as __version__
from goldpan._exchange import Annotations, Answer, Rectangle, exchange_formats, export_items, import_annotations
from goldpan._experiment import run
from goldpan._results import Results
from goldpan._select import Duplicates, Selection, StrategyInfo, dedup, select, strategies

if TYPE_CHECKING:
    from goldpan import adapters, distributed
    from goldpan._encoder import PatchEncoder
    from goldpan._head import LinearHead
    from goldpan._networks_encoder import Encoder
    from goldpan._temperature import TemperatureScaler, expected_calibration_error

__all__ = [
    "Annotations",
    "Answer",
    "Duplicates",
    "Encoder",
    "LinearHead",
    "PatchEncoder",
    "Rectangle",
    "Results",
    "Selection",
    "StrategyInfo",
    "TemperatureScaler",
    "__version__",
    "adapters",
    "dedup",
    "distributed",
    "exchange_formats",
    "expected_calibration_error",
    "export_items",
    "import_annotations",
    "run",
    "select",
    "strategies",
]

# Imported when first asked for: scikit-learn takes a second, and selecting needs none of it.
_LATER = {
    "Encoder": "goldpan._networks_encoder",
    "LinearHead": "goldpan._head",
    "PatchEncoder": "goldpan._encoder",
    "TemperatureScaler": "goldpan._temperature",
    "expected_calibration_error": "goldpan._temperature",
}


def __getattr__(name: str) -> Any:
    import importlib

    if name in _LATER:
        value = getattr(importlib.import_module(_LATER[name]), name)
    elif name in ("adapters", "distributed"):
        value = importlib.import_module(f"goldpan.{name}")
    else:
        raise AttributeError(f"module 'goldpan' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
