"""The head that `goldpan run` trains, as a scikit-learn estimator."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldpan import _core
from goldpan._arrays import HALF_OR_SINGLE, refuse_unknown_labels

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "goldpan.LinearHead is a scikit-learn estimator and needs scikit-learn 1.6 or later: "
        "pip install 'goldpan-al[all]'"
    ) from error

# Whole-number weights are written out as repeated rows up to this many times the rows given.
_MOST_REPEATS = 8


class LinearHead(ClassifierMixin, BaseEstimator):
    """Softmax regression on embeddings, trained to convergence; with `hidden` > 0 one hidden layer in between.

    - `weight_decay`: L2 penalty, scikit-learn's 1/C for inputs scaled to a mean squared norm of 1.
    - `dropout`: share of what is dropped in training and in stochastic passes (`mc_predict_proba`).
    - `scaling`: "auto", "common" (one factor for all columns, for embeddings) or "per_column".
    - `hidden`: units of a hidden layer, or 0.
    - `random_state`: seed of the hidden layer's training; a linear head draws no random numbers.
    - `threads`: 0 for all cores; never changes a number.

    float32 and float16 embeddings are taken as they are, others as float32. The order of the rows does not matter:
    the same examples give the same model, bit for bit (of rows that agree in their first three columns, the same but
    for rounding). A sample weight of 3 is the same as three equal rows, one of 0 as none.

    >>> head = goldpan.LinearHead().fit(embeddings[labeled], y[labeled])
    >>> goldpan.select("badge", embeddings=embeddings, probs=head.predict_proba(embeddings), labeled=labeled, batch=100)
    """

    classes_: NDArray[Any]
    n_features_in_: int

    def __init__(
        self,
        *,
        weight_decay: float = 0.03,
        dropout: float = 0.05,
        scaling: str = "auto",
        hidden: int = 0,
        random_state: int | np.random.RandomState | None = 0,
        threads: int = 0,
    ) -> None:
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.scaling = scaling
        self.hidden = hidden
        self.random_state = random_state
        self.threads = threads

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> LinearHead:
        """Trains on embeddings X (n x D) and their labels y (n), from scratch."""
        inputs, targets = validate_data(self, X, y, dtype=list(HALF_OR_SINGLE), order="C")
        refuse_unknown_labels(targets, "y", "leave out the rows that have none")
        check_classification_targets(targets)
        self.classes_, codes = np.unique(targets, return_inverse=True)
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, inputs, ensure_non_negative=True)
        rows, scale, decay = _order(inputs, codes, weights)
        if float(np.abs(inputs).max(initial=0)) * inputs.shape[1] ** 0.5 > 1e18:
            rows = None  # about to be refused: the engine then names the caller's row
        labels = np.ascontiguousarray(codes if rows is None else codes[rows], dtype=np.int32)
        self._head = _core.Head.fit(
            inputs if rows is None else inputs[rows], labels, scale, len(self.classes_), self.hidden, self.dropout,
            self.weight_decay * decay, self.scaling, self._seed(), self.threads,
        )
        return self

    def logits(self, X: ArrayLike) -> NDArray[np.float32]:
        """Uncalibrated logits, N x C, also for two classes: what `TemperatureScaler` takes."""
        return self._trained().logits(self._inputs(X), self.threads)

    def decision_function(self, X: ArrayLike) -> NDArray[np.float32]:
        """scikit-learn's: the logits, N x C; for two classes the second's minus the first's, N."""
        logits = self.logits(X)
        if len(self.classes_) != 2:
            return logits
        difference: NDArray[np.float32] = logits[:, 1] - logits[:, 0]
        return difference

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]:
        """Class probabilities, N x C, in the order of `classes_`; not calibrated (see `TemperatureScaler`)."""
        return _core.apply_temperature(self.logits(X), 1.0)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        best = self.logits(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def features(self, X: ArrayLike) -> NDArray[Any]:
        """Penultimate features, N x H, for `select(features=...)`; of a linear head the embeddings themselves."""
        trained, inputs = self._trained(), self._inputs(X)
        return trained.features(inputs, self.threads) if self.hidden > 0 else inputs

    def mc_predict_proba(
        self, X: ArrayLike, passes: int = 20, seed: int = 0, temperature: float = 1.0
    ) -> NDArray[np.float32]:
        """K x N x C class probabilities of `passes` Monte Carlo dropout passes: what BALD and EPIG take.

        A dropout mask belongs to a pass, not to a row: each pass is one model. Logits are divided by `temperature`.
        """
        return self._trained().passes(self._inputs(X), passes, seed, temperature, self.threads)

    def _seed(self) -> int:
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        from sklearn.utils import check_random_state

        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _inputs(self, X: ArrayLike) -> NDArray[Any]:
        check_is_fitted(self)
        inputs: NDArray[Any] = validate_data(self, X, dtype=list(HALF_OR_SINGLE), order="C", reset=False)
        return inputs

    def _trained(self) -> _core.Head:
        check_is_fitted(self)
        return self._head

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_head")

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if "_head" in state:
            state = {**state, "_head": self._head.state()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        learned = state.get("_head")
        super().__setstate__({name: value for name, value in state.items() if name != "_head"})
        if learned is not None:
            self._head = _core.Head.from_state(
                learned, self.n_features_in_, len(self.classes_), self.hidden, self.dropout, self.weight_decay,
                self.scaling,
            )


def _order(
    X: NDArray[Any], codes: NDArray[Any], weights: NDArray[Any] | None
) -> tuple[NDArray[np.intp] | None, NDArray[np.float32] | None, float]:
    """Which rows to train on in which order (None: as they are), their weights, and a factor of the penalty.

    Rows are ordered by what is in them, so that sums do not depend on how the caller ordered them. Whole-number
    weights become repetitions; others scale the loss, and since the engine scales weights to a mean of 1, the
    penalty is scaled the other way.
    """
    rows = np.lexsort((codes, *(X[:, j] for j in reversed(range(min(3, X.shape[1]))))))
    scale, decay = None, 1.0
    if weights is not None:
        weights = weights[rows]
        if not weights.any():
            raise ValueError("[sample_weight] got only zeros, expected a positive weight")
        whole = np.all(weights == np.floor(weights)) and weights.sum() <= _MOST_REPEATS * len(weights)
        if whole:
            rows = np.repeat(rows, weights.astype(np.intp))
        else:
            rows, weights = rows[weights > 0], weights[weights > 0]
            scale = np.ascontiguousarray(weights, dtype=np.float32)
            decay = len(weights) / float(weights.sum())
    in_place = len(rows) == len(X) and bool(np.all(rows[1:] == rows[:-1] + 1))
    return None if in_place else rows, scale, decay
