#!/usr/bin/env python3
"""`goldpan embed` and `goldpan pick --from`. The second argument says whether the program was built with OpenVINO."""
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import time
import unittest
import zlib

import harness
from harness import ProgramTest
from tiny_network import write_network

WITH_OPENVINO = len(sys.argv) > 2 and sys.argv[2] == "ON"


def write_png(path, side, generator):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    tint = [generator.randrange(40, 215) for _ in range(3)]
    rows = b"".join(b"\0" + bytes(tint[i % 3] + generator.randrange(40) for i in range(side * 3)) for _ in range(side))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class EmbedTest(ProgramTest):
    def setUp(self):
        super().setUp()
        generator = random.Random(3)
        self.frames = self.folder / "frames"
        for i in range(90):
            write_png(self.frames / f"drive{i % 3}/{i:03}.png", 24, generator)
        # `patches` takes seconds to learn; a network of a few numbers takes none.
        self.encoder, self.dim = ("patches", 6)
        if WITH_OPENVINO:
            self.encoder, self.dim = (f"network:{write_network(self.folder / 'tiny.xml')}", 3)
        self.environment = {**os.environ, "GOLDPAN_DATA": str(self.folder / "nowhere")}

    def run_here(self, *arguments):
        return self.succeeds(*arguments, env=self.environment, cwd=self.folder)

    def fails_here(self, expected, *arguments):
        return self.fails(expected, *arguments, env=self.environment, cwd=self.folder)

    def read(self, name):
        return (self.folder / name).read_bytes()

    def embed(self, out, *more):
        return self.run_here("embed", "--images", "frames", "--out", out, "--encoder", self.encoder, "--dim", self.dim,
                             *more)

    def test_shards_are_the_parts_of_one_folder(self):
        self.embed("sample")  # what learns (patches, PCA) embeds shards only in a space that it has learned already
        self.fails_here("learns from the images: each shard would lie in a space of its own", "embed", "--images",
                        "frames", "--encoder", "patches", "--dim", 6, "--out", "parts", "--shard", "0/4")
        like = ["--like", "sample"]
        self.embed("embedded", *like)
        for i in (0, 2, 3):
            self.embed("parts", "--shard", f"{i}/4", *like)
        pick = ["pick", "--strategy", "k_center", "--batch", 9, "--embeddings"]
        self.fails_here("[parts] lacks shard 1 of 4, expected all of them", *pick, "parts")
        self.embed("parts", "--shard", "1/4", *like)
        values = [self.read(f"parts/shard-{i:05}-of-00004/embeddings.npy")[128:] for i in range(4)]
        self.assertEqual(b"".join(values), self.read("embedded/embeddings.npy")[128:])
        self.assertEqual([len(value) // 4 // self.dim for value in values], [22, 23, 22, 23])
        self.run_here(*pick, "embedded/embeddings.npy", "--ids", "embedded/ids.txt", "--out", "one.csv")
        for given in ("parts", "parts/shard-*", "parts/*/embeddings.npy"):
            self.run_here(*pick, given, "--out", "many.csv", "--force")
            self.assertEqual(self.read("many.csv"), self.read("one.csv"))
        for wrong in ("4/4", "1", "-1/4", "1/0", "1/4x", "0/91"):
            self.fails_here("--shard", "embed", "--images", "frames", "--encoder", self.encoder, "--dim", self.dim,
                            "--out", "more", "--shard=" + wrong, *like)

    def test_two_commands_from_a_folder_of_frames_to_a_batch(self):
        self.embed("embedded")
        ids = self.read("embedded/ids.txt").decode().splitlines()
        self.assertEqual(len(ids), 90)
        self.assertEqual(ids[0], "drive0/000.png")
        (self.folder / "labeled.txt").write_text("drive1/001.png\n3\n")
        self.run_here("pick", "--from", "embedded", "--strategy", "k_center", "--batch", 12, "--labeled", "labeled.txt")
        picks = [line.split(",") for line in self.read("picks.csv").decode().splitlines()[1:]]
        self.assertEqual(len(picks), 12)
        for pick in picks:
            self.assertEqual(pick[2], ids[int(pick[1])])
            self.assertNotIn(pick[2], ("drive1/001.png", ids[3]))
        self.assertTrue(self.read("picks.jpg").startswith(b"\xff\xd8"))
        page = self.read("picks.html").decode()
        self.assertEqual(page.count('"caption":'), 12)
        self.assertIn(picks[0][2], page)
        self.fails_here("labeled.txt:1] got 'drive9/x.png', expected the id or the row number", "pick", "--from",
                        "embedded", "--strategy", "k_center", "--batch", 12, "--force", "--labeled",
                        self.write_labeled("drive9/x.png"))
        # One command for both, with `--encoder auto`.
        self.run_here("pick", "--images", "frames", "--strategy", "k_center", "--batch", 5, "--out", "one.csv")
        self.assertTrue((self.folder / "one.embedded/settings.json").exists())

    def write_labeled(self, text):
        (self.folder / "labeled.txt").write_text(text + "\n")
        return "labeled.txt"

    def test_threads_and_a_second_call_change_nothing(self):
        self.embed("one", "--threads", 1)
        self.embed("three", "--threads", 3)
        self.assertEqual(self.read("one/embeddings.npy"), self.read("three/embeddings.npy"))
        before = (self.folder / "one/embeddings.npy").stat().st_mtime_ns
        self.assertIn("are in one already", self.embed("one").stdout)
        self.assertEqual((self.folder / "one/embeddings.npy").stat().st_mtime_ns, before)

    def test_killed_it_goes_on_and_gives_the_same_bytes(self):
        generator = random.Random(4)
        for i in range(1400):
            write_png(self.frames / f"more/{i:04}.png", 16, generator)
        self.embed("whole")
        process = subprocess.Popen(
            [harness.PROGRAM, "embed", "--images", "frames", "--out", "killed", "--encoder", self.encoder, "--dim",
             str(self.dim), "--threads", "1"], cwd=self.folder, env=self.environment, stderr=subprocess.DEVNULL)
        progress = self.folder / "killed/.unfinished"
        while process.poll() is None and not list(progress.glob("*.progress.json")):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.embed("killed")
        self.assertEqual(self.read("killed/embeddings.npy"), self.read("whole/embeddings.npy"))

    def test_broken_images_are_named_and_counted(self):
        (self.frames / "drive0/003.png").write_bytes(b"<html>")
        (self.frames / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
        result = self.embed("embedded")
        self.assertIn("skipped 2 images that cannot be decoded", result.stderr)
        skipped = self.read("embedded/skipped.csv").decode()
        self.assertIn("drive0/003.png", skipped)
        self.assertIn("cut.jpg", skipped)
        self.assertEqual(len(self.read("embedded/ids.txt").splitlines()), 89)
        self.fails_here("cannot be decoded", "embed", "--images", "frames", "--out", "x", "--encoder", self.encoder,
                        "--broken-images", "refuse")

    def test_tomorrows_frames_go_into_yesterdays_space(self):
        self.embed("yesterday")
        self.run_here("embed", "--images", "frames/drive1", "--out", "today", "--like", "yesterday")
        ids = self.read("yesterday/ids.txt").decode().splitlines()
        rows = self.read("yesterday/embeddings.npy")[128:]
        today = self.read("today/embeddings.npy")[128:]
        names = self.read("today/ids.txt").decode().splitlines()
        for i, name in enumerate(names):
            row = ids.index("drive1/" + name)
            size = 4 * self.dim
            self.assertEqual(rows[size * row:size * row + size], today[size * i:size * i + size])
        self.fails_here("was embedded otherwise: ", "embed", "--images", "frames", "--out", "x", "--encoder", self.encoder,
                        "--dim", self.dim - 1, "--like", "yesterday")

    def test_lists_and_labelled_data(self):
        lines = ["id,path,group"] + [f"f{i},frames/drive0/{3 * i:03}.png,g{i % 2}" for i in range(30)]
        (self.folder / "list.csv").write_text("\n".join(lines) + "\n")
        self.run_here("embed", "--list", "list.csv", "--out", "listed", "--encoder", self.encoder, "--dim", 2)
        self.assertEqual(self.read("listed/ids.txt").decode().splitlines()[:2], ["f0", "f1"])
        self.run_here("embed", "--data", "folder:frames", "--out", "labelled", "--encoder", self.encoder, "--dim", 2,
                      "--dtype", "float16")
        self.assertEqual(self.read("labelled/classes.txt"), b"drive0\ndrive1\ndrive2\n")
        # What comes out is a data set itself.
        self.run_here("run", "--data", "npy:labelled", "--strategies", "random", "--budgets", "0.5,1", "--out", "run")
        self.fails_here("got 2 of --images, --list and --data", "embed", "--images", "frames", "--data", "auto")
        self.fails_here("has no labels, which a run hides", "run", "--data", "images:frames", "--out", "x")

    def test_encoders_say_what_is_missing(self):
        self.fails_here("got 'lite9', expected lite0, patches", "embed", "--images", "frames", "--encoder", "lite9")
        if not WITH_OPENVINO:
            self.fails_here("-DGOLDPAN_WITH_OPENVINO=ON", "embed", "--images", "frames", "--encoder", "lite0")
            self.assertIn("not in this build", self.run_here("embed", "--help").stdout)
            return
        self.fails_here("--encoder lite0] got no weights, expected data/lite0/lite0.onnx", "embed", "--images", "frames",
                        "--encoder", "lite0")

    @unittest.skipUnless(WITH_OPENVINO, "built without OpenVINO")
    def test_any_network_is_an_encoder(self):
        network = self.folder / "tiny.xml"
        for threads in (1, 3):
            self.run_here("embed", "--images", "frames", "--out", f"net{threads}", "--encoder", f"network:{network}",
                          "--threads", threads)
        self.assertEqual(self.read("net1/embeddings.npy"), self.read("net3/embeddings.npy"))
        self.run_here("embed", "--images", "frames", "--out", "cut", "--encoder", f"network:{network}", "--dim", 2)
        self.run_here("embed", "--images", "frames/drive2", "--out", "like", "--like", "cut")
        self.run_here("run", "--data", "folder:frames", "--encoder", f"network:{network}", "--strategies", "random",
                      "--budgets", "0.5,1", "--out", "run")
        network.with_name("tiny.xml.toml").unlink()
        self.fails_here("tiny.xml.toml] is not there", "embed", "--images", "frames", "--out", "y", "--encoder",
                        f"network:{network}")


if __name__ == "__main__":
    harness.main()
