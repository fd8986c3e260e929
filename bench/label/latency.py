#!/usr/bin/env python3
"""How long an answer waits while the model trains, how long training and the next batch take.

    python bench/label/latency.py --goldpan build/release/apps/goldpan/goldpan [--items 100000] [--dim 384] [--labels 5000]

Needs NumPy. Prints a line of JSON for each strategy. Its counterpart is what no server can do without: beside each answer, one
row is committed to an SQLite file in the same folder, under the same load.
"""
import argparse
import http.client
import json
import pathlib
import re
import sqlite3
import subprocess
import tempfile
import time

import numpy as np

TOKEN = "bench-token-0123456789"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--goldpan", required=True)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--labels", type=int, default=5000)
    parser.add_argument("--answers", type=int, default=400, help="timed, one a request")
    parser.add_argument("--gap", type=float, default=0.02, help="seconds between them")
    parser.add_argument("--strategies", default="margin,badge")
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    truth = generator.integers(options.classes, size=options.items)
    centers = generator.normal(size=(options.classes, options.dim)) * 0.25
    with tempfile.TemporaryDirectory(prefix="goldpan-bench-") as name:
        folder = pathlib.Path(name)
        embeddings = np.empty((options.items, options.dim), np.float32)
        for begin in range(0, options.items, 10_000):
            rows = slice(begin, begin + 10_000)
            embeddings[rows] = generator.normal(size=embeddings[rows].shape) + centers[truth[rows]]
        np.save(folder / "embeddings.npy", embeddings)
        del embeddings
        (folder / "ids.txt").write_text("".join(f"{i}\n" for i in range(options.items)))
        for strategy in options.strategies.split(","):
            print(json.dumps(measure(options, folder, strategy, truth)), flush=True)


def measure(options, folder, strategy, truth):
    classes = ",".join(f"c{c}" for c in range(options.classes))
    process = subprocess.Popen(
        [options.goldpan, "label", "--from", str(folder), "--classes", classes, "--session", str(folder / strategy), "--token",
         TOKEN, "--strategy", strategy], stdout=subprocess.PIPE, text=True)
    try:
        port = next(int(m.group(1)) for m in map(lambda line: re.search(r":(\d+)/\?token=", line), process.stdout) if m)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

        def call(method, path, body=None):
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
            assert response.status == 200, content
            return json.loads(content)

        for begin in range(0, options.labels, 500):
            call("POST", "/api/answers",
                 [{"id": str(i), "label": f"c{truth[i]}"} for i in range(begin, min(begin + 500, options.labels))])
        while call("GET", "/api/state")["model"]["labels"] < options.labels:
            time.sleep(0.1)
        waits, commits, trainings, selections = [], [], [], []
        database = sqlite3.connect(folder / f"{strategy}-floor.db", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE rows(n INTEGER, label TEXT)")
        for n in range(options.answers):
            got = call("GET", "/api/next?count=1")["items"]
            if not got:
                time.sleep(options.gap)
                continue
            item = int(got[0]["id"])
            begin = time.perf_counter()
            call("POST", "/api/answers", [{"id": str(item), "label": f"c{truth[item]}"}])
            waits.append(1000 * (time.perf_counter() - begin))
            begin = time.perf_counter()
            database.execute("INSERT INTO rows VALUES(?, ?)", (n, "c1"))
            commits.append(1000 * (time.perf_counter() - begin))
            model = call("GET", "/api/state")["model"]
            trainings.append(model["train_seconds"])
            selections.append(model["select_seconds"])
            time.sleep(options.gap)
        state = call("GET", "/api/state")
        quantile = lambda values, q: float(np.quantile(values, q))
        return {"strategy": strategy, "items": options.items, "dim": options.dim, "labels": options.labels,
                "answers": len(waits), "answer_ms_p50": round(quantile(waits, 0.5), 2),
                "answer_ms_p99": round(quantile(waits, 0.99), 2), "answer_ms_max": round(max(waits), 2),
                "commit_ms_p50": round(quantile(commits, 0.5), 2), "commit_ms_p99": round(quantile(commits, 0.99), 2),
                "retrain_s_median": round(quantile(trainings, 0.5), 3),
                "next_batch_s_max": round(max(selections), 3), "batches": state["batches"],
                "estimates_s": round(state["truth"]["seconds"], 2), "truth": state["truth"]["pool"]}
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
