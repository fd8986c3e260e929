"""Embeddings without weights."""
from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from goldpan import _core
from goldpan._estimator import BaseEstimator
from goldpan._progress import Progress, listener

Images = Union[NDArray[Any], Sequence[Union[str, "os.PathLike[str]", NDArray[Any]]]]


class PatchEncoder(BaseEstimator):
    """The encoder of Coates, Ng & Lee (2011), which needs no weights and no labels.

    6 x 6 patches, whitened and compared with k-means centers, averaged over the image's quadrants; then PCA to `dim`
    numbers. All of it is learned from the images given to `fit`.

    Images are uint8: an array of N x H x W x 3 (or N x H x W, grey), or a list of such arrays of any sizes, or a list
    of paths of JPEG and PNG files, which are decoded as needed. They are shrunk to a shorter side of 32 pixels.

    >>> encoder = goldpan.PatchEncoder(dim=384).fit(images)
    >>> embeddings = encoder.transform(images)
    >>> encoder.save("patches.npz"); encoder = goldpan.PatchEncoder.load("patches.npz")   # pickle works too
    """

    def __init__(
        self, dim: int = 384, centroids: int = 1600, seed: int = 0, threads: int = 0, progress: Progress = None
    ) -> None:
        self.dim = dim
        self.centroids = centroids
        self.seed = seed
        self.threads = threads
        self.progress = progress

    def fit(self, images: Images, y: object = None) -> PatchEncoder:
        """Learns from the images; `y` is there for pipelines and ignored."""
        encoder = _core.PatchEncoder(self.dim, self.centroids, self.seed)
        encoder.fit(_source(images), self.threads, listener(self.progress))
        self._encoder = encoder
        return self

    def transform(self, images: Images) -> NDArray[np.float32]:
        """N x dim float32. An image that cannot be decoded raises ValueError naming it."""
        if not hasattr(self, "_encoder"):
            raise ValueError("[PatchEncoder] got no fit() yet, expected one before transform()")
        return self._encoder.transform(_source(images), self.threads, listener(self.progress))

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name not in ("_encoder", "progress")}
        if hasattr(self, "_encoder"):
            state["_learned"] = dict(self._encoder.learned())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        learned = state.get("_learned")
        self.__dict__.update({name: value for name, value in state.items() if name != "_learned"}, progress=None)
        if learned is not None:
            self._encoder = _core.PatchEncoder(self.dim, self.centroids, self.seed)
            self._encoder.restore(list(learned.items()))

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Writes settings and what was learned (.npz)."""
        state = self.__getstate__()
        learned = state.pop("_learned", None)
        if learned is None:
            raise ValueError("[PatchEncoder] got no fit() yet, expected one before save()")
        with open(os.fspath(path), "wb") as file:  # given a name, savez would put another ending behind it
            np.savez(file, __settings__=np.array(json.dumps(state)), **learned)

    @classmethod
    def load(cls, path: Union[str, os.PathLike[str]]) -> PatchEncoder:
        """What `save` wrote: embeds other images into the same space, bit for bit."""
        with np.load(os.fspath(path), allow_pickle=False) as file:
            if "__settings__" not in file:
                raise ValueError(f"[{os.fspath(path)}] is not what PatchEncoder.save writes")
            state = json.loads(str(file["__settings__"]))
            state["_learned"] = {key: file[key] for key in file.files if key != "__settings__"}
        encoder = cls()
        encoder.__setstate__(state)
        return encoder

    def fit_transform(self, images: Images, y: object = None) -> NDArray[np.float32]:
        return self.fit(images).transform(images)


def _source(images: Images) -> _core.ImageSource:
    if isinstance(images, np.ndarray) and images.dtype != object:
        return _core.stacked_images(_checked(images, "images", ("N x H x W x 3", "N x H x W")))
    items = list(images)
    if not items:
        raise ValueError("[images] got none, expected at least one")
    if all(isinstance(item, (str, os.PathLike)) for item in items):
        return _core.file_images([os.fspath(item) for item in items])
    return _core.listed_images([
        _checked(np.asarray(item), f"images[{i}]", ("H x W x 3", "H x W")) for i, item in enumerate(items)
    ])


def _checked(array: NDArray[Any], name: str, shapes: tuple[str, str]) -> NDArray[np.uint8]:
    if array.dtype != np.uint8:
        raise ValueError(f"[{name}] got {array.dtype}, expected uint8 (0 to 255)")
    dimensions = shapes[0].count(" x ") + 1
    colour = array.ndim == dimensions and array.shape[-1] == 3
    if not colour and array.ndim != dimensions - 1:
        raise ValueError(f"[{name}] got shape {array.shape}, expected {shapes[0]} or {shapes[1]}")
    if array.size == 0:
        raise ValueError(f"[{name}] got shape {array.shape}, expected at least one pixel")
    return np.ascontiguousarray(array)
