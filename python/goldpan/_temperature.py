"""Calibration: temperature scaling and how far probabilities can be trusted."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldpan import _core
from goldpan._arrays import SINGLE, as_codes, as_floats
from goldpan._estimator import BaseEstimator


class TemperatureScaler(BaseEstimator):
    """Temperature scaling (Guo et al. 2017): divides logits by one number fitted on held-out labels.

    `logits` are N x C; the N values that scikit-learn's classifiers give for two classes are taken as (0, z).
    `y` are class numbers, 0 to C - 1, or, with `classes`, values of that list (a classifier's `classes_`).

    >>> probs = goldpan.TemperatureScaler().fit(head.logits(X_held_out), y_held_out).transform(head.logits(X))
    """

    temperature_: float
    #: Mean negative log-likelihood of the held-out labels, in nats.
    nll_before_: float
    nll_after_: float

    def fit(self, logits: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> TemperatureScaler:
        """Finds the temperature that makes the labels `y` likeliest, within 1/20 to 20."""
        z = _two_columns(logits)
        labels = as_codes(y if classes is None else _codes_of(y, classes), "y", z.shape[1])
        self.temperature_, self.nll_before_, self.nll_after_ = _core.fit_temperature(z, labels)
        return self

    def transform(self, logits: ArrayLike) -> NDArray[np.float32]:
        """Calibrated probabilities, N x C: softmax of logits / temperature_."""
        if not hasattr(self, "temperature_"):
            raise ValueError("[TemperatureScaler] got no fit() yet, expected one before transform()")
        return _core.apply_temperature(_two_columns(logits), self.temperature_)

    def fit_transform(self, logits: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> NDArray[np.float32]:
        return self.fit(logits, y, classes).transform(logits)


def _two_columns(logits: ArrayLike) -> NDArray[Any]:
    z = np.asarray(logits)
    if z.ndim == 1:
        z = np.stack([np.zeros_like(z), z], axis=1)
    return as_floats(z, "logits", "N x C", SINGLE)


def _codes_of(y: ArrayLike, classes: ArrayLike) -> NDArray[np.int64]:
    known = np.asarray(classes)
    order = np.argsort(known)
    values = np.asarray(y)
    codes = order[np.minimum(np.searchsorted(known, values, sorter=order), len(known) - 1)]
    wrong = np.flatnonzero(known[codes] != values)
    if len(wrong):
        raise ValueError(f"[y] got {values[wrong[0]]!r} in row {wrong[0]}, expected one of {known.tolist()}")
    return codes


def expected_calibration_error(probs: ArrayLike, y: ArrayLike, bins: int = 15) -> float:
    """Expected calibration error in `bins` bins of equal size (Nixon et al. 2019); `y` class numbers, 0 to C - 1."""
    p = as_floats(probs, "probs", "N x C", SINGLE)
    return _core.expected_calibration_error(p, as_codes(y, "y", p.shape[1]), bins)
