"""Driving frames: is active learning worth it for telling the weather, and which frames come next?

    python examples/weather_frames.py                         # BDD100K below $GOLDPAN_DATA, else rendered road scenes
    python examples/weather_frames.py --data bdd100k:/data/bdd100k --out outputs/weather

Measures five strategies on labelled frames, split by drive so that no drive lies on both sides; then plays the day
after: a model of the labels so far, and the next batch of frames to send out, with its audit trail.
"""
import argparse
import os
import pathlib

import numpy as np

import goldpan


def data_set(given, small):
    """The data set's name, and the pattern whose first group names a file's drive."""
    real = pathlib.Path(os.environ.get("GOLDPAN_DATA", "data")) / "bdd100k-subset"
    if given:
        return given, None
    if real.exists() and not small:
        return f"bdd100k:{real}", None  # single frames, each of another drive
    return f"scenes:{240 if small else 4000}", "^(d[0-9]+)-f"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="any data set that `goldpan run --data` takes")
    parser.add_argument("--out", default="outputs/weather", type=pathlib.Path)
    parser.add_argument("--small", action="store_true", help="a minute's worth of made data, as the tests run it")
    arguments = parser.parse_args()
    data, groups = data_set(arguments.data, arguments.small)

    # 1. Measured: the whole loop against labels that are hidden and bought back.
    results = goldpan.run(
        data, arguments.out, groups=groups, attribute="weather",
        strategies=["random", "margin", "k_center", "badge", "hybrid"],
        seeds=[1, 2] if arguments.small else [1, 2, 3, 4, 5],
        budgets=[0.25, 0.5, 1] if arguments.small else [0.05, 0.1, 0.25, 0.5, 1],
        encoder="patches", **({"dim": 32} if arguments.small else {}),
    )
    curves = results.learning_curves.pivot(index="budget", columns="strategy", values="accuracy_mean")
    print(curves.round(3).to_string())
    print(f"\nthe page: {arguments.out}/report.html")

    # 2. Chosen: the day after. These stand for your frames: embeddings of the pool, and labels of some of them.
    rng = np.random.default_rng(0)
    classes = len(results.class_names)
    truth = rng.integers(0, classes, 500)
    embeddings = (rng.normal(size=(500, 32)) + 2 * np.eye(classes, 32)[truth]).astype(np.float32)
    labeled = rng.choice(500, 60, replace=False)
    head = goldpan.LinearHead().fit(embeddings[labeled], truth[labeled])
    probs = np.zeros((500, classes), np.float32)
    probs[:, head.classes_] = head.predict_proba(embeddings)
    picks = goldpan.select("badge", embeddings=embeddings, probs=probs, labeled=labeled, batch=50, reserve=0.1, dedup=0.99,
                           hash=True, ids=[f"frame-{i:04d}.jpg" for i in range(500)])
    picks.save(arguments.out / "picks.csv", force=True)
    print(f"next: {len(picks)} frames, {arguments.out}/picks.csv, why each: picks.json beside it")


if __name__ == "__main__":
    main()
