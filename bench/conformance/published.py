"""The algorithms as they are commonly published, for goldpan.conformance: written here from their descriptions, with the
habits that are known of them (entropy without 0 ln 0, row 0 as the first center, mean squared distances)."""
import numpy as np


def entropy(probs):
    with np.errstate(divide="ignore", invalid="ignore"):
        return -(probs * np.log(probs)).sum(axis=-1)


def farthest_first(x, labeled, batch):
    picks = [] if len(labeled) else [0]
    while len(picks) < batch:
        centers = x[[*labeled, *picks]]
        distance = np.linalg.norm(x[:, None] - centers[None], axis=2).min(axis=1)
        distance[[*labeled, *picks]] = -1
        picks.append(int(distance.argmax()))
    return picks


def badge(x, probs, free, batch, random):
    gradient = probs.copy()
    gradient[np.arange(len(probs)), probs.argmax(axis=1)] -= 1
    g = (gradient[:, :, None] * x[:, None]).reshape(len(x), -1)[free]
    picks = [int(np.linalg.norm(g, axis=1).argmax())]
    while len(picks) < batch:
        squared = ((g[:, None] - g[picks][None]) ** 2).sum(axis=2).min(axis=1)
        picks.append(int(random.choice(len(g), p=squared / squared.sum())))
    return free[picks]


def max_herding(x, labeled, batch):
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    kernel = np.exp(-((x[:, None] - x[None]) ** 2).sum(axis=2))
    reached = kernel[labeled].max(axis=0) if len(labeled) else np.zeros(len(x))
    picks = []
    while len(picks) < batch:
        gain = np.maximum(0, kernel - reached).mean(axis=1)
        gain[[*labeled, *picks]] = -np.inf
        picks.append(int(gain.argmax()))
        reached = np.maximum(reached, kernel[picks[-1]])
    return picks


def select(strategy, *, embeddings, probs, mc_probs, labeled, batch, seed):
    labeled = list(labeled)
    count = len(embeddings if embeddings is not None else probs if probs is not None else mc_probs[0])
    free = np.setdiff1d(np.arange(count), labeled)
    random = np.random.default_rng(seed)
    p = None if probs is None else probs.astype(float)
    if strategy == "k_center":
        return farthest_first(embeddings.astype(float), labeled, batch)
    if strategy == "badge":
        return badge(embeddings.astype(float), p, free, batch, random)
    if strategy == "max_herding":
        return max_herding(embeddings.astype(float), labeled, batch)
    if strategy == "entropy":
        score = entropy(p)
    elif strategy == "margin":
        ordered = np.sort(p, axis=1)
        score = ordered[:, -2] - ordered[:, -1]
    elif strategy == "least_confidence":
        score = 1 - p.max(axis=1)
    elif strategy == "bald":
        passes = mc_probs.astype(float)
        score = entropy(passes.mean(axis=0)) - entropy(passes).mean(axis=0)
    else:
        raise NotImplementedError(strategy)
    return free[np.argsort(-score[free], kind="stable")[:batch]]
