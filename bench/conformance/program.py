"""`goldpan pick`, for goldpan.conformance: the program named by GOLDPAN (default: build/release/apps/goldpan/goldpan)."""
import csv
import os
import pathlib
import subprocess
import tempfile

import numpy as np


def select(strategy, *, embeddings, probs, mc_probs, labeled, batch, seed):
    program = os.environ.get("GOLDPAN", "build/release/apps/goldpan/goldpan")
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "picks.csv"
        command = [program, "pick", "--strategy", strategy, "--batch", str(batch), "--seed", str(seed), "--reserve", "0",
                   "--out", str(out), "--no-hash"]
        given = {"--embeddings": embeddings, "--probs": probs, "--mc-probs": mc_probs}
        for option, array in given.items():
            if array is not None:
                file = pathlib.Path(folder) / (option.strip("-") + ".npy")
                np.save(file, array)
                command += [option, str(file)]
        if len(labeled):
            file = pathlib.Path(folder) / "labeled.txt"
            file.write_text("".join(f"{row}\n" for row in labeled))
            command += ["--labeled", str(file)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        with out.open() as lines:
            return [int(row["index"]) for row in csv.DictReader(lines)]
