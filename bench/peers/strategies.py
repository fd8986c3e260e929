"""The strategies as the peers have them, or as one writes them well with NumPy and PyTorch.

Each function takes the Inputs and returns row numbers. `PEERS[strategy][peer]` finds it. What a function
imports, it imports itself: a peer that is not installed is skipped, and nobody pays for another's memory.
"""
import math
from dataclasses import dataclass

import numpy as np


@dataclass
class Inputs:
    embeddings: np.ndarray          # N x D
    probabilities: np.ndarray       # N x C
    passes: np.ndarray | None       # K x N x C
    labeled: np.ndarray             # ascending rows
    batch: int
    seed: int

    @property
    def unlabeled(self):
        mask = np.ones(len(self.embeddings), bool)
        mask[self.labeled] = False
        return np.flatnonzero(mask)


PEERS: dict[str, dict[str, object]] = {}


def peer(strategy, name):
    def register(function):
        PEERS.setdefault(strategy, {})[name] = function
        return function
    return register


def largest(scores, rows, count):
    """Rows with the largest scores, ties to the lowest row."""
    return rows[np.argsort(-scores, kind="stable")[:count]]


# --- scores of single rows ---------------------------------------------------------------------------------------

def entropies(p):
    return -(p * np.log(np.maximum(p, np.finfo(p.dtype).tiny))).sum(-1)


@peer("entropy", "numpy")
def entropy_numpy(x):
    rows = x.unlabeled
    return largest(entropies(x.probabilities[rows]), rows, x.batch)


@peer("margin", "numpy")
def margin_numpy(x):
    rows = x.unlabeled
    top = np.partition(x.probabilities[rows], -2, axis=1)
    return largest(top[:, -2] - top[:, -1], rows, x.batch)


@peer("least_confidence", "numpy")
def least_confidence_numpy(x):
    rows = x.unlabeled
    return largest(-x.probabilities[rows].max(1), rows, x.batch)


def _uncertainty_skactiveml(x, method):
    from skactiveml.pool import uncertainty_scores
    rows = x.unlabeled
    return largest(uncertainty_scores(x.probabilities[rows], method=method), rows, x.batch)


@peer("entropy", "scikit-activeml")
def entropy_skactiveml(x):
    return _uncertainty_skactiveml(x, "entropy")


@peer("margin", "scikit-activeml")
def margin_skactiveml(x):
    return _uncertainty_skactiveml(x, "margin_sampling")


@peer("least_confidence", "scikit-activeml")
def least_confidence_skactiveml(x):
    return _uncertainty_skactiveml(x, "least_confident")


@peer("bald", "numpy")
def bald_numpy(x):
    rows = x.unlabeled
    p = x.passes[:, rows]
    return largest(entropies(p.mean(0)) - entropies(p).mean(0), rows, x.batch)


@peer("bald", "torch")
def bald_torch(x):
    import torch
    rows = x.unlabeled
    p = torch.from_numpy(x.passes)[:, torch.from_numpy(rows)]
    mean = p.mean(0)
    score = torch.xlogy(p, p).sum(-1).mean(0) - torch.xlogy(mean, mean).sum(-1)
    return rows[torch.topk(score, x.batch).indices.numpy()]


@peer("epig", "numpy")
def epig_numpy(x, targets=500, chunk=64):
    rng = np.random.default_rng(x.seed)
    rows = x.unlabeled
    at = rng.choice(len(x.embeddings), min(targets, len(x.embeddings)), replace=False)
    k, _, c = x.passes.shape
    q = np.ascontiguousarray(x.passes[:, at].reshape(k, -1))            # K x (T C)
    score = entropies(x.passes[:, rows].mean(0)) + entropies(x.passes[:, at].mean(0)).mean()
    for begin in range(0, len(rows), chunk):
        p = x.passes[:, rows[begin:begin + chunk]].transpose(1, 2, 0).reshape(-1, k)
        joint = (p @ q / k).reshape(-1, c * q.shape[1])
        score[begin:begin + chunk] -= entropies(joint) / len(at)
    return largest(score, rows, x.batch)


# --- cover -------------------------------------------------------------------------------------------------------

def greedy_centers(e, labeled, rows, count, near=None):
    """Farthest first, one matrix-vector product a pick."""
    norms = np.einsum("ij,ij->i", e, e)
    picks = []
    if near is None:
        near = np.full(len(e), np.inf, np.float32)
        for begin in range(0, len(labeled), 512):
            part = labeled[begin:begin + 512]
            d = norms[:, None] + norms[part] - 2 * (e @ e[part].T)
            np.minimum(near, d.min(1), out=near)
    allowed = np.zeros(len(e), bool)
    allowed[rows] = True
    if not len(labeled):
        mean = e.mean(0)
        first = rows[np.argmin(((e[rows] - mean) ** 2).sum(1))]
        picks.append(first)
        allowed[first] = False
        near = norms + norms[first] - 2 * (e @ e[first])
    while len(picks) < count:
        best = int(np.argmax(np.where(allowed, near, -np.inf)))
        picks.append(best)
        allowed[best] = False
        np.minimum(near, norms + norms[best] - 2 * (e @ e[best]), out=near)
    return np.array(picks)


@peer("k_center", "numpy")
def k_center_numpy(x):
    return greedy_centers(x.embeddings, x.labeled, x.unlabeled, x.batch)


@peer("k_center", "torch")
def k_center_torch(x):
    import torch
    e = torch.from_numpy(x.embeddings)
    norms = (e * e).sum(1)
    near = torch.full((len(e),), math.inf)
    for part in torch.from_numpy(x.labeled).split(512):
        near = torch.minimum(near, (norms[:, None] + norms[part] - 2 * e @ e[part].T).amin(1))
    blocked = torch.zeros(len(e))
    blocked[x.labeled] = -math.inf
    picks = []
    for _ in range(x.batch):
        best = int(torch.argmax(near + blocked))
        picks.append(best)
        blocked[best] = -math.inf
        near = torch.minimum(near, norms + norms[best] - 2 * (e @ e[best]))
    return np.array(picks)


@peer("k_center", "scikit-activeml")
def k_center_skactiveml(x):
    from skactiveml.pool import CoreSet
    return CoreSet(random_state=x.seed).query(x.embeddings, known_labels(x), batch_size=x.batch)


@peer("hybrid", "numpy")
def hybrid_numpy(x):
    rows = x.unlabeled
    short = np.sort(largest(entropies(x.probabilities[rows]), rows, 2 * x.batch))
    e = np.concatenate([x.embeddings[short], x.embeddings[x.labeled]])
    labeled = np.arange(len(short), len(e))
    return short[greedy_centers(e, labeled, np.arange(len(short)), x.batch)]


# --- gradients ---------------------------------------------------------------------------------------------------

def residuals(x, rows):
    q = x.probabilities[rows].copy()
    q[np.arange(len(q)), q.argmax(1)] -= 1
    return q


@peer("badge", "authors' algorithm")
def badge_authors(x):
    """k-means++ as the authors' program runs it: every gradient written out (N x C D), the squared distances of
    all rows to the last pick from those. Transcribed from the description, with one product a pick."""
    rng = np.random.default_rng(x.seed)
    rows = x.unlabeled
    q, h = residuals(x, rows), x.embeddings[rows]
    g = (q[:, :, None] * h[:, None, :]).reshape(len(rows), -1)
    norms = np.einsum("ij,ij->i", g, g)
    return rows[plus_plus(rng, norms, lambda i: np.maximum(norms + norms[i] - 2 * (g @ g[i]), 0), x.batch)]


@peer("badge", "numpy")
def badge_numpy(x):
    """The same with the factors of the gradients only."""
    rng = np.random.default_rng(x.seed)
    rows = x.unlabeled
    q, h = residuals(x, rows), x.embeddings[rows]
    norms = np.einsum("ij,ij->i", q, q) * np.einsum("ij,ij->i", h, h)
    return rows[plus_plus(
        rng, norms, lambda i: np.maximum(norms + norms[i] - 2 * (q @ q[i]) * (h @ h[i]), 0), x.batch)]


def plus_plus(rng, norms, distances_to, count):
    picks = [int(np.argmax(norms))]
    near = distances_to(picks[0])
    near[picks[0]] = 0
    while len(picks) < count:
        total = np.cumsum(near, dtype=np.float64)
        i = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
        picks.append(i)
        np.minimum(near, distances_to(i), out=near)
        near[picks] = 0
    return np.array(picks)


@peer("badge", "scikit-activeml")
def badge_skactiveml(x):
    from skactiveml.pool import Badge
    return Badge(random_state=x.seed).query(
        x.embeddings, known_labels(x), clf=given_classifier(x), fit_clf=False, batch_size=x.batch)


# --- types -------------------------------------------------------------------------------------------------------

def typical_picks(x, assignment, clusters):
    """TypiClust from given clusters, in NumPy."""
    is_labeled = np.zeros(len(assignment), bool)
    is_labeled[x.labeled] = True
    sizes = np.bincount(assignment, minlength=clusters)
    labels = np.bincount(assignment[x.labeled], minlength=clusters)
    order = [c for c in np.lexsort((-sizes, labels)) if sizes[c] > 5]
    left = {c: np.flatnonzero((assignment == c) & ~is_labeled) for c in order}
    picks, turn = [], 0
    while len(picks) < x.batch:
        rows = left[order[turn % len(order)]]
        if len(rows):
            e = x.embeddings[rows]
            k = max(1, min(20, len(rows) // 2))
            n = (e * e).sum(1)
            d = np.sqrt(np.maximum(n[:, None] + n - 2 * e @ e.T, 0))
            near = np.partition(d, min(k, len(rows) - 1), axis=1)[:, :k + 1].sum(1)
            best = int(np.argmin(near))
            picks.append(rows[best])
            left[order[turn % len(order)]] = np.delete(rows, best)
        turn += 1
    return np.array(picks)


@peer("typiclust", "faiss + numpy")
def typiclust_faiss(x):
    import faiss
    clusters = min(len(x.labeled) + x.batch, 500)
    k_means = faiss.Kmeans(x.embeddings.shape[1], clusters, seed=x.seed, max_points_per_centroid=1000)
    k_means.train(x.embeddings)
    _, assignment = k_means.index.search(x.embeddings, 1)
    return typical_picks(x, assignment[:, 0], clusters)


@peer("typiclust", "scikit-learn + numpy")
def typiclust_sklearn(x):
    from sklearn.cluster import KMeans
    clusters = min(len(x.labeled) + x.batch, 500)
    return typical_picks(
        x, KMeans(clusters, n_init=1, random_state=x.seed).fit_predict(x.embeddings), clusters)


@peer("typiclust", "scikit-activeml")
def typiclust_skactiveml(x):
    from skactiveml.pool import TypiClust
    return TypiClust(random_state=x.seed).query(x.embeddings, known_labels(x), batch_size=x.batch)


@peer("prob_cover", "scikit-activeml")
def prob_cover_skactiveml(x):
    from skactiveml.pool import ProbCover
    return ProbCover(n_classes=x.probabilities.shape[1], random_state=x.seed).query(
        x.embeddings, known_labels(x), batch_size=x.batch)


@peer("bait", "numpy")
def bait_numpy(x):
    """BAIT with Fisher embeddings written out, as published; only small inputs fit."""
    rows, c, d = x.unlabeled, x.probabilities.shape[1], x.embeddings.shape[1]
    scale = np.sqrt((x.embeddings.astype(np.float64) ** 2).mean())
    everything = np.arange(len(x.embeddings))
    def fisher(of):
        p, h = x.probabilities[of].astype(np.float64), x.embeddings[of] / scale
        v = np.sqrt(p)[:, :, None] * (np.eye(c) - p[:, None, :])
        return (v[:, :, :, None] * h[:, None, None, :]).reshape(len(of), c, c * d)
    target = np.einsum("nci,ncj->ij", *[fisher(everything)] * 2, optimize=True) / len(everything)
    v_labeled = fisher(x.labeled)
    inverse = np.linalg.inv(np.eye(c * d) + np.einsum("nci,ncj->ij", v_labeled, v_labeled, optimize=True))
    v = fisher(rows)
    def step(inverse, v, sign):
        w = v @ inverse
        inner = np.linalg.inv(np.eye(c) + sign * w @ v.transpose(0, 2, 1))
        return np.einsum("nij,nji->n", inner, w @ target @ w.transpose(0, 2, 1))
    def update(inverse, v, sign):
        w = inverse @ v.T
        return inverse - sign * w @ np.linalg.inv(np.eye(c) + sign * v @ w) @ w.T
    picks = []
    while len(picks) < min(2 * x.batch, len(rows)):
        gain = step(inverse, v, 1)
        gain[picks] = -np.inf
        picks.append(int(np.argmax(gain)))
        inverse = update(inverse, v[picks[-1]], 1)
    while len(picks) > x.batch:
        worst = int(np.argmin(step(inverse, v[picks], -1)))
        inverse = update(inverse, v[picks.pop(worst)], -1)
    return rows[picks]


# --- what scikit-activeml asks for -------------------------------------------------------------------------------

def known_labels(x):
    """Labels as scikit-activeml wants them: NaN where there are none (their values do not matter to it here)."""
    y = np.full(len(x.embeddings), np.nan)
    y[x.labeled] = x.probabilities[x.labeled].argmax(1)
    return y


def given_classifier(x):
    from skactiveml.base import SkactivemlClassifier

    class Given(SkactivemlClassifier):
        """Answers with the given probabilities."""

        def fit(self, X, y, sample_weight=None):
            return self

        def predict_proba(self, X):
            return x.probabilities if len(X) == len(x.embeddings) else x.probabilities[x.unlabeled]

    given = Given(classes=np.arange(x.probabilities.shape[1]))
    given.classes_ = np.arange(x.probabilities.shape[1])
    return given
