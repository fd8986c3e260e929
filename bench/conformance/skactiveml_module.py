"""scikit-activeml 1.0.1, for goldpan.conformance: its strategies on given probabilities.

It wants a classifier; this one knows the probabilities of each row by the row's number, which is put before the
embedding where a strategy does not measure distances, and looked up by the embedding where it does.
"""
import numpy as np
from skactiveml.base import SkactivemlClassifier
from skactiveml.pool import Badge, CoreSet, MaxHerding, TypiClust, UncertaintySampling
from skactiveml.utils import MISSING_LABEL


class Known(SkactivemlClassifier):
    """Gives back the probabilities of known rows."""

    def __init__(self, rows=None, probs=None, classes=None, missing_label=MISSING_LABEL, cost_matrix=None, random_state=None):
        super().__init__(classes=classes, missing_label=missing_label, cost_matrix=cost_matrix, random_state=random_state)
        self.rows = rows
        self.probs = probs

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.asarray(self.classes)
        self.cost_matrix_ = 1 - np.eye(len(self.classes))
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X):
        near = ((np.asarray(X)[:, None] - self.rows[None]) ** 2).sum(axis=2)
        return self.probs[near.argmin(axis=1)]

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def select(strategy, *, embeddings, probs, mc_probs, labeled, batch, seed):
    if strategy not in ("entropy", "margin", "least_confidence", "k_center", "badge", "typiclust", "max_herding"):
        raise NotImplementedError(strategy)
    rows = np.arange(len(probs), dtype=float)[:, None] if embeddings is None else embeddings.astype(float)
    y = np.full(len(rows), np.nan)
    y[labeled] = 0
    classes = [0, 1] if probs is None else list(range(probs.shape[1]))
    clf = None if probs is None else Known(rows, probs.astype(float), classes).fit(rows, y)
    common = {"X": rows, "y": y, "batch_size": batch}
    if strategy in ("entropy", "margin", "least_confidence"):
        method = {"entropy": "entropy", "margin": "margin_sampling", "least_confidence": "least_confident"}[strategy]
        return UncertaintySampling(method=method, random_state=seed).query(clf=clf, fit_clf=False, **common)
    if strategy == "badge":
        return Badge(random_state=seed).query(clf=clf, fit_clf=False, **common)
    if strategy == "max_herding":  # its own default is gamma = 1 / D
        return MaxHerding(metric_dict={"gamma": 1.0}, random_state=seed).query(**common)
    return {"k_center": CoreSet, "typiclust": TypiClust}[strategy](random_state=seed).query(**common)
