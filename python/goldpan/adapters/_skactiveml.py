"""A scikit-activeml query strategy."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from skactiveml.base import SingleAnnotatorPoolQueryStrategy
from skactiveml.utils import MISSING_LABEL, is_labeled

from goldpan._select import select, strategies


class SkactivemlStrategy(SingleAnnotatorPoolQueryStrategy):
    """Any of Goldpan's strategies as a query strategy of scikit-activeml.

    `query(X, y, clf, batch_size=...)` as its Badge, CoreSet and UncertaintySampling have it; `clf` may be left out
    where the strategy needs no model. With `fit_clf` (the default) a copy of `clf` is fitted first. Strategies that
    need stochastic passes need a `clf` with `mc_predict_proba` (`goldpan.LinearHead`), or an ensemble given as a list of
    classifiers. `options` are those of `goldpan.select`.

    >>> SkactivemlStrategy("badge", random_state=0).query(X, y, clf=classifier, batch_size=10)
    """

    def __init__(
        self,
        strategy: str = "badge",
        *,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
        threads: int = 0,
        options: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(missing_label=missing_label, random_state=random_state)
        self.strategy = strategy
        self.threads = threads
        self.options = options

    def query(
        self,
        X: ArrayLike,
        y: ArrayLike,
        clf: Any = None,
        fit_clf: bool = True,
        sample_weight: ArrayLike | None = None,
        candidates: ArrayLike | None = None,
        batch_size: int = 1,
        return_utilities: bool = False,
    ) -> Any:
        """Row numbers to label next; with `return_utilities` also batch_size x N scores, NaN where there are none.

        Goldpan chooses a batch as a whole: line i of the utilities holds the score of the i-th pick alone.
        """
        checked: Any = self._validate_data(X, y, candidates, batch_size, return_utilities, reset=True)
        rows, labels, chosen, batch_size, return_utilities = checked
        if chosen is not None and chosen.ndim != 1:
            raise ValueError("[candidates] got features, expected row numbers of X, or None for all unlabelled rows")
        info = next((info for info in strategies() if info.name == self.strategy), None)
        labeled = is_labeled(labels, missing_label=self.missing_label_)
        needs = frozenset() if info is None else info.needs
        # What the strategy does not look at is not converted for it; without any input it needs their number alone.
        inputs: dict[str, Any] = {"embeddings": rows} if "embeddings" in needs else {"ids": range(len(rows))}
        if needs & {"probs", "mc_probs"}:
            if clf is None:
                if not (info is not None and info.model_optional):
                    raise ValueError(f"[clf] got None, expected a classifier for strategy '{self.strategy}'")
            else:
                inputs.update(self._predictions(clf, fit_clf, rows, labels, sample_weight, needs))
        picks = select(
            self.strategy, **inputs, labeled=labeled, batch=batch_size,
            candidates=None if chosen is None else chosen[~labeled[chosen]],
            seed=int(self.random_state_.randint(2**31 - 1)), threads=self.threads, **(self.options or {}),
        )
        if not return_utilities:
            return picks.indices
        utilities = np.full((batch_size, len(rows)), np.nan)
        utilities[np.arange(batch_size), picks.indices] = picks.scores
        return picks.indices, utilities

    def _predictions(
        self, clf: Any, fit_clf: bool, X: Any, y: Any, sample_weight: Any, needs: frozenset[str]
    ) -> dict[str, Any]:
        def fitted(model: Any) -> Any:
            if not fit_clf:
                return model
            weights = {} if sample_weight is None else {"sample_weight": sample_weight}
            if hasattr(model, "missing_label"):
                return clone(model).fit(X, y, **weights)
            # A classifier that knows nothing of missing labels sees the labelled rows alone.
            rows = is_labeled(y, missing_label=self.missing_label_)
            weights = {name: np.asarray(value)[rows] for name, value in weights.items()}
            return clone(model).fit(X[rows], np.asarray(y[rows].tolist()), **weights)

        if "mc_probs" in needs:
            if isinstance(clf, (list, tuple)):
                return {"mc_probs": np.stack([fitted(model).predict_proba(X) for model in clf])}
            model = fitted(clf)
            if not hasattr(model, "mc_predict_proba"):
                raise ValueError(
                    "[clf] has no mc_predict_proba, expected goldpan.LinearHead or a list of classifiers"
                )
            return {"mc_probs": model.mc_predict_proba(X)}
        probs: NDArray[Any] = fitted(clf).predict_proba(X)
        return {"probs": probs}
