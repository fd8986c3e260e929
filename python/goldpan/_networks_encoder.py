"""Any encoder of the table, as `goldpan embed` has them."""
from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from goldpan._encoder import _source
from goldpan._progress import Progress, listener


def _module() -> Any:
    # _core first: its types are used by the other.
    from goldpan import _core  # noqa: F401

    try:
        from goldpan import _networks
    except ImportError as error:
        raise ImportError(
            "goldpan.Encoder needs goldpan built with -DGOLDPAN_WITH_OPENVINO=ON and the package openvino of the "
            f"version it was built with: {error}"
        ) from error
    return _networks


class Encoder:
    """An encoder by name ("lite0", "patches", "dinov2_vits14", ..., "auto") or a network's file.

    A file (.onnx, .xml, .pb, .tflite) is fed as FILE.toml beside it says. `dim` cuts a network's numbers down by PCA
    (0: the encoder's own choice). Weights are looked for below the folders of `data` and in $GOLDPAN_DATA.

    Images are paths (JPEG, PNG, WebP), PIL images, or uint8 arrays: H x W x 3 or H x W each, or one array of N such.
    Paths give the same bits as `goldpan embed`.

    >>> encoder = goldpan.Encoder("lite0")
    >>> embeddings = encoder.embed(paths)       # N x 384; learns its PCA from them, the first time
    >>> tomorrow = encoder.embed(other_paths)   # in the same space
    >>> encoder.save("lite0.npz"); encoder = goldpan.Encoder.load("lite0.npz")
    """

    def __init__(
        self, encoder: Union[str, os.PathLike[str]] = "auto", *, dim: int = 0, weights: Union[str, os.PathLike[str]] = "",
        data: Sequence[Union[str, os.PathLike[str]]] = ("data",), threads: int = 0, progress: Progress = None,
    ) -> None:
        name = os.fspath(encoder)
        if os.path.splitext(name)[1] in (".onnx", ".xml", ".pb", ".tflite"):
            name = "network:" + name
        self.threads = threads
        self.progress = progress
        self._arguments: dict[str, Any] = {
            "name": name, "dim": dim, "weights": os.fspath(weights), "data": [os.fspath(folder) for folder in data]}
        self._make()

    def _make(self) -> None:
        search = [os.environ["GOLDPAN_DATA"]] if os.environ.get("GOLDPAN_DATA") else []
        self._encoder = _module().TableEncoder(
            self._arguments["name"], self._arguments["dim"], self._arguments["weights"],
            search + self._arguments["data"], listener(self.progress))
        self._fitted = not self._encoder.learns

    @property
    def name(self) -> str:
        return str(self._encoder.name)

    @property
    def dim(self) -> int:
        """Dimensions of an embedding."""
        return int(self._encoder.dim)

    @property
    def description(self) -> dict[str, Any]:
        """Everything that embeddings depend on beside the images: weights' hash, preprocessing, ..."""
        return dict(json.loads(self._encoder.description))

    @property
    def map_shape(self) -> Optional[tuple[int, int, int]]:
        """Height, width and channels of the last feature map; None where there is none."""
        shape = self._encoder.map_shape
        return None if shape is None else (int(shape[0]), int(shape[1]), int(shape[2]))

    def fit(self, images: Any) -> Encoder:
        """Learns what this encoder learns (PCA, `patches`' whitening and centers) from these images alone."""
        if self._encoder.learns:
            self._encoder.fit(_as_source(images), self.threads, listener(self.progress))
        self._fitted = True
        return self

    def embed(self, images: Any) -> NDArray[np.float32]:
        """N x dim. An encoder that learns and has not learned yet learns from these images."""
        result: NDArray[np.float32] = self._encoder.embed(
            _as_source(images), not self._fitted, self.threads, listener(self.progress))
        self._fitted = True
        return result

    def maps(self, images: Any) -> NDArray[np.float32]:
        """N x H' x W' x C: the network's last feature maps."""
        result: NDArray[np.float32] = self._encoder.maps(_as_source(images), self.threads, listener(self.progress))
        return result

    def __getstate__(self) -> dict[str, Any]:
        learned = dict(self._encoder.learned()) if self._fitted else {}
        return {"arguments": self._arguments, "threads": self.threads, "fitted": self._fitted, "learned": learned,
                "description": _unfitted(self.description)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._arguments, self.threads, self.progress = state["arguments"], state["threads"], None
        self._make()
        if _unfitted(self.description) != state["description"]:
            raise ValueError(f"[{self.name}] is another than when it was saved: its weights or preprocessing changed")
        if state["fitted"] and state["learned"]:
            self._encoder.restore(list(state["learned"].items()))
        self._fitted = state["fitted"]

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Writes settings and what was learned (.npz), not the network's own weights."""
        state = self.__getstate__()
        learned = state.pop("learned")
        np.savez(os.fspath(path), __settings__=np.array(json.dumps(state)), **learned)

    @classmethod
    def load(cls, path: Union[str, os.PathLike[str]]) -> Encoder:
        with np.load(os.fspath(path), allow_pickle=False) as file:
            if "__settings__" not in file:
                raise ValueError(f"[{os.fspath(path)}] is not what Encoder.save writes")
            state = json.loads(str(file["__settings__"]))
            state["learned"] = {key: file[key] for key in file.files if key != "__settings__"}
        encoder = cls.__new__(cls)
        encoder.__setstate__(state)
        return encoder


def _unfitted(description: dict[str, Any]) -> dict[str, Any]:
    """Without the hash of what was learned."""
    description = dict(description)
    description.pop("fitted", None)
    if "reduced" in description:
        description["reduced"] = {k: v for k, v in description["reduced"].items() if k != "fitted"}
    return description


def _as_source(images: Any) -> Any:
    if isinstance(images, (str, os.PathLike)):
        raise ValueError("[images] got one path, expected a list of paths")
    if not isinstance(images, np.ndarray):
        # PIL images become arrays; what is no RGB is converted by PIL itself.
        images = [np.asarray(item.convert("RGB")) if hasattr(item, "convert") else item for item in images]
    return _source(images)
