"""modAL's query strategies are functions of the classifier and the pool."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goldpan._select import select, strategies


def modal_query(
    strategy: str, *, seed: int = 0, threads: int = 0, **options: Any
) -> Callable[..., tuple[NDArray[np.int64], Any]]:
    """A query strategy for modAL's ActiveLearner: `query(classifier, X_pool, n_instances=1)`.

    The pool holds unlabelled rows alone, as modAL's do. Cover strategies count the learner's own training data
    (`X_training`) as labelled. The classifier needs `predict_proba` for strategies that need probabilities, and, for
    those that need stochastic passes, `mc_predict_proba` (as `goldpan.LinearHead`) or to be a modAL Committee.
    """
    known = {info.name: info for info in strategies()}
    if strategy not in known:
        raise ValueError(f"[strategy] got '{strategy}', expected one of: {', '.join(known)}")
    info = known[strategy]

    def query(
        classifier: Any, X_pool: Any, n_instances: int = 1, **_: Any
    ) -> tuple[NDArray[np.int64], Any]:
        pool = np.asarray(X_pool)
        known_rows = getattr(classifier, "X_training", None)
        labeled = 0 if known_rows is None else len(known_rows)
        rows = pool if labeled == 0 else np.concatenate([np.asarray(known_rows, dtype=pool.dtype), pool])
        inputs: dict[str, Any] = {"embeddings": rows} if "embeddings" in info.needs else {"ids": range(len(rows))}
        if "probs" in info.needs:
            inputs["probs"] = classifier.predict_proba(rows)
        if "mc_probs" in info.needs:
            inputs["mc_probs"] = _passes(classifier, rows)
        picks = select(
            strategy, **inputs, labeled=np.arange(labeled), batch=n_instances, seed=seed, threads=threads, **options
        ).indices - labeled
        return picks, X_pool[picks]

    return query


def _passes(classifier: Any, rows: NDArray[Any]) -> Any:
    """K x N x C."""
    if hasattr(classifier, "learner_list"):
        return np.stack([learner.predict_proba(rows) for learner in classifier.learner_list])
    model = getattr(classifier, "estimator", classifier)
    if not hasattr(model, "mc_predict_proba"):
        raise ValueError(
            "[classifier] has no mc_predict_proba, expected goldpan.LinearHead or a modAL Committee for this strategy"
        )
    return model.mc_predict_proba(rows)
