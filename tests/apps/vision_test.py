#!/usr/bin/env python3
"""`goldpan run` with DINOv2 and ResNet-18. The second argument says whether the program was built with libtorch."""
import os
import pathlib
import random
import sqlite3
import struct
import subprocess
import sys
import unittest
import zlib

import harness
from harness import ProgramTest

WITH_TORCH = len(sys.argv) > 2 and sys.argv[2] == "ON"
RANDOM_DINOV2 = pathlib.Path(__file__).resolve().parents[2] / "bench/peers/random_dinov2.py"


def write_png(path, width, height, pixels):
    """RGB, 8 bits; `pixels` are bytes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + pixels[y * width * 3:(y + 1) * width * 3] for y in range(height))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class VisionTest(ProgramTest):
    def setUp(self):
        super().setUp()
        generator = random.Random(7)
        for kind in ("red", "green"):
            for i in range(50):
                pixels = bytes(min(255, generator.randrange(160) + (80 if (kind == "green") == (j % 3 == 1) else 0))
                               for j in range(16 * 16 * 3))
                write_png(self.folder / f"images/{kind}/{i}.png", 16, 16, pixels)
        # No weights of whoever runs this test.
        self.environment = {**os.environ, "GOLDPAN_DATA": str(self.folder / "nowhere")}

    def run_command(self, out, *more):
        return ["run", "--data", f"folder:{self.folder / 'images'}", "--out", self.folder / out, "--cache",
                self.folder / "cache", "--budgets", "0.3,0.7,1", "--seeds", "1", "--strategies", "random,entropy", *more]

    def write_weights(self, path, *more):
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, RANDOM_DINOV2, path, "--dim", "64", "--layers", "1", *more], check=True)
        return path

    def run_here(self, *arguments):
        return self.succeeds(*arguments, env=self.environment, cwd=self.folder)

    def fails_here(self, expected, *arguments):
        return self.fails(expected, *arguments, env=self.environment, cwd=self.folder)

    def fact(self, out, key):
        journal = sqlite3.connect(self.folder / out / "run.db")
        return journal.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()[0]

    def test_auto_says_what_it_takes(self):
        result = self.run_here(*self.run_command("without"))
        self.assertIn("encoder auto: patches, since there is no data/dinov2-small/model.safetensors", result.stderr)
        self.assertEqual(self.fact("without", "encoder"), "patches")
        self.write_weights(self.folder / "nowhere/dinov2-small/model.safetensors")
        result = self.run_here(*self.run_command("with", "--dinov2-size", 28))
        if WITH_TORCH:
            self.assertIn("encoder auto: dinov2_vits14, since its weights are there", result.stderr)
            self.assertEqual(self.fact("with", "encoder"), "dinov2_64x1")
            # Nothing is learned from the pool, so that one cache serves every split.
            result = self.run_here(*self.run_command("other_split", "--dinov2-size", 28, "--split-seed", 5))
            self.assertIn("embeddings: from the cache", result.stderr)
            # The weights are a part of the run: with them, what began with patches is not resumed.
            self.fails_here("encoder was 'patches' and is now 'dinov2_64x1'", *self.run_command("without"))
        else:
            self.assertIn("needs libtorch, which this build was made without", result.stderr)
            self.assertIn("-DGOLDPAN_WITH_TORCH=ON", result.stderr)

    def test_errors_name_the_place(self):
        self.fails_here("got 'siglip', expected lite0, patches, dinov2_vits14", *self.run_command("x", "--encoder", "siglip"))
        self.fails_here("--weights] are not for --encoder patches", *self.run_command("x", "--encoder", "patches", "--weights",
                                                                                "w.safetensors"))
        self.fails_here("expected linear, resnet18", *self.run_command("x", "--model", "vgg"))
        if not WITH_TORCH:
            for option in (["--model", "resnet18"], ["--encoder", "dinov2", "--weights", "w.safetensors"],
                           ["--weights", "w.safetensors"]):
                self.fails_here("configure with -DGOLDPAN_WITH_TORCH=ON", *self.run_command("x", *option))
            return
        self.fails_here("--encoder dinov2_vits14] got no weights", *self.run_command("x", "--encoder", "dinov2"))
        self.fails_here("w.safetensors", *self.run_command("x", "--weights", "w.safetensors"))
        self.fails_here("got device 'tpu', expected cpu, cuda or cuda:N",
                        *self.run_command("x", "--model", "resnet18", "--device", "tpu"))
        whole = self.write_weights(self.folder / "w.safetensors").read_bytes()
        broken = self.folder / "broken.safetensors"

        def fails_with(content, expected):
            broken.write_bytes(content)
            self.fails_here(expected, *self.run_command("x", "--weights", broken))

        fails_with(whole[:len(whole) // 2], "broken.safetensors, tensor ")
        fails_with(whole[:len(whole) // 2], "the file is truncated")
        fails_with(whole.replace(b"layernorm.weight", b"layernorm.wait!!"), "tensor layernorm.weight] is missing")
        fails_with(whole.replace(b'"shape": [64, 3, 14, 14]', b'"shape": [64, 3, 14, 99]'), "by its shape [64, 3, 14, 99]")
        fails_with(struct.pack("<Q", 1 << 40) + whole[8:], "claims a header of 1099511627776 bytes")
        fails_with(b"<!DOCTYPE html><html>404</html>", "is not a safetensors file")
        self.assertFalse((self.folder / "x/run.db").exists())

    @unittest.skipUnless(WITH_TORCH, "built without libtorch")
    def test_resnet18_killed_at_random_moments_ends_with_the_same_tables(self):
        def command(out):
            return self.run_command(out, "--model", "resnet18", "--resnet-width", 4, "--epochs", 2, "--passes", 3,
                                    "--encoder", "patches", "--strategies", "random,badge,bald,k_center,hybrid")

        def tables(out):
            return {path.name: path.read_bytes() for path in sorted((self.folder / out / "tables").glob("*.csv"))
                    if not path.name.startswith("timings")}

        def checkpoints(out):
            return len(list((self.folder / out / "checkpoints").glob("resnet18-*.safetensors")))

        self.run_here(*command("whole"))
        self.assertGreater(checkpoints("whole"), 10)
        generator = random.Random(int.from_bytes(os.urandom(4), "little"))
        kills = 0
        for _ in range(4):
            # After some more trainings, in the middle of the next ones.
            enough = checkpoints("killed") + generator.randrange(1, 5)
            process = subprocess.Popen([harness.PROGRAM, *map(str, command("killed"))], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=self.environment, cwd=self.folder)
            while process.poll() is None and checkpoints("killed") < enough:
                try:
                    process.wait(timeout=generator.uniform(0, 0.02))
                except subprocess.TimeoutExpired:
                    pass
            kills += process.poll() is None
            process.kill()
            process.wait()
        self.run_here(*command("killed"))
        self.assertGreater(kills, 0)
        self.assertEqual(tables("killed"), tables("whole"))
        self.run_here(*command("kept_nowhere"), "--checkpoints", "none", "--threads", 1)
        self.assertFalse((self.folder / "kept_nowhere/checkpoints").exists())
        self.assertEqual(tables("kept_nowhere"), tables("whole"))


if __name__ == "__main__":
    harness.main()
