"""scikit-activeml's active-learning cycle with its own strategies and with Goldpan's in their place.

The cycle is that of its tutorial "Active Image Classification via Self-supervised Learning": a logistic regression on
embeddings, no labels to begin with, 30 cycles of 8 labels, `call_func(strategy.query, X=..., y=..., batch_size=...,
clf=...)`. Reported are the median seconds of a query, their ratio, and the test accuracy at the end; once as the
tutorial has it, where a strategy fits the classifier again inside the query, and once with the fitted one (fit_clf=False).

    python bench/peers/skactiveml_cycle.py [embeddings.npy labels.npy] [--rows 4000] [--cycles 30] [--batch 8]

Without files it takes scikit-learn's digits (1,797 x 64).
"""
import argparse
import time
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import Badge, CoreSet, TypiClust, UncertaintySampling
from skactiveml.utils import MISSING_LABEL, call_func

from goldpan.adapters import SkactivemlStrategy

PAIRS = {
    "BADGE": (lambda: Badge(random_state=0), lambda: SkactivemlStrategy("badge", random_state=0)),
    "core-set": (lambda: CoreSet(random_state=0), lambda: SkactivemlStrategy("k_center", random_state=0)),
    "entropy": (lambda: UncertaintySampling("entropy", random_state=0),
                lambda: SkactivemlStrategy("entropy", random_state=0)),
    "TypiClust": (lambda: TypiClust(random_state=0), lambda: SkactivemlStrategy("typiclust", random_state=0)),
}


def cycle(strategy, data, cycles, batch, fit_clf):
    x, y_true, x_test, y_test = data
    classifier = SklearnClassifier(LogisticRegression(), classes=np.unique(y_true), random_state=0)
    y = np.full(len(y_true), MISSING_LABEL)
    classifier.fit(x, y)
    seconds = []
    for _ in range(cycles):
        begin = time.perf_counter()
        rows = call_func(strategy.query, X=x, y=y, batch_size=batch, clf=classifier, fit_clf=fit_clf)
        seconds.append(time.perf_counter() - begin)
        y[rows] = y_true[rows]
        classifier.fit(x, y)
    return float(np.median(seconds)), classifier.score(x_test, y_test)


def load(args):
    if args.files:
        x, y = (np.load(path) for path in args.files)
    else:
        from sklearn.datasets import load_digits
        x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    train, test = order[:args.rows], order[args.rows:][:2000]
    if not len(test):
        train, test = np.split(order, [len(order) * 4 // 5])
    return x[train], y[train], x[test], y[test]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--cycles", type=int, default=30)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--only", choices=PAIRS, action="append")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")  # of the logistic regression, that it stops early
    data = load(args)
    print(f"pool {data[0].shape[0]} x {data[0].shape[1]} {data[0].dtype}, {args.cycles} cycles of {args.batch}")
    print(f"{'strategy':<10} {'classifier':<17} {'scikit-activeml':>17} {'Goldpan':>10} {'ratio':>7}  accuracies")
    for name, makers in PAIRS.items():
        if args.only and name not in args.only:
            continue
        for fit_clf in (True, False):
            (theirs, their_accuracy), (ours, our_accuracy) = (
                cycle(make(), data, args.cycles, args.batch, fit_clf) for make in makers)
            print(f"{name:<10} {'fitted in query' if fit_clf else 'given':<17} {theirs * 1e3:>14.1f} ms "
                  f"{ours * 1e3:>7.1f} ms {theirs / ours:>6.1f}x  {their_accuracy:.3f} {our_accuracy:.3f}", flush=True)


if __name__ == "__main__":
    main()
