"""Makes the arrays that compare.py reads from embeddings and labels: probabilities and stochastic passes of a
logistic regression fitted to evenly spread labelled rows.

    python bench/peers/make_arrays.py E.npy labels.npy OUT --labeled 2500 [--rows 40000] [--passes 20]
"""
import argparse
import pathlib

import numpy as np
from sklearn.linear_model import LogisticRegression


def softmax(z):
    z = np.exp(z - z.max(-1, keepdims=True))
    return (z / z.sum(-1, keepdims=True)).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("embeddings")
    parser.add_argument("labels")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--labeled", type=int, default=2500)
    parser.add_argument("--passes", type=int, default=20)
    parser.add_argument("--dropout", type=float, default=0.1)
    args = parser.parse_args()
    e = np.ascontiguousarray(np.load(args.embeddings)[:args.rows], np.float32)
    y = np.load(args.labels)[:len(e)]
    labeled = np.arange(args.labeled, dtype=np.int64) * len(e) // max(1, args.labeled)
    scale = e[labeled].std()
    head = LogisticRegression(C=0.01, max_iter=200).fit(e[labeled] / scale, y[labeled])
    rng = np.random.default_rng(0)
    keep = 1 - args.dropout
    passes = np.stack([softmax((e / scale) @ (head.coef_ * (rng.random(e.shape[1]) < keep) / keep).T + head.intercept_)
                       for _ in range(args.passes)])
    args.out.mkdir(parents=True, exist_ok=True)
    np.save(args.out / "E.npy", e)
    np.save(args.out / "P.npy", softmax((e / scale) @ head.coef_.T + head.intercept_))
    np.save(args.out / "M.npy", passes)
    np.save(args.out / "L.npy", labeled)


if __name__ == "__main__":
    main()
