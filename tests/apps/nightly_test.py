#!/usr/bin/env python3
"""script/nightly closes the loop at small size: three nights with answers between them, and what it does when things are wrong.
Argument: the program."""
import fcntl
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import PROGRAM, ProgramTest, main  # noqa: E402

NIGHTLY = pathlib.Path(__file__).parents[2] / "script/nightly"


def write_noise(path, generator):
    """A picture of 16 x 16 grey values, by hand."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + generator.randbytes(16) for _ in range(16))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class NightlyTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.generator = random.Random(1)
        self.frames(0, 30)
        (self.folder / "classes.txt").write_text("cat\ndog\n")
        (self.folder / "settings").write_text("encoder=patches\nbatch=12\n")

    def frames(self, begin, end):
        for i in range(begin, end):
            write_noise(self.folder / f"images/frame_{i:03}.png", self.generator)

    def night(self, *arguments):
        return subprocess.run([NIGHTLY, *(arguments or [self.folder])], capture_output=True, text=True, timeout=600,
                              env={**os.environ, "GOLDPAN": str(pathlib.Path(PROGRAM).resolve())})

    def tasks(self):
        return json.loads((self.folder / "tasks/tasks.json").read_text())

    def log(self):
        return [json.loads(line) for line in (self.folder / "log.jsonl").read_text().splitlines()]

    def test_three_nights(self):
        answered = {}
        for frames in (30, 36):
            self.frames(len(list((self.folder / "images").iterdir())), frames)
            result = self.night()
            self.assertEqual(result.returncode, 0, result.stderr)
            tasks = self.tasks()
            self.assertEqual(len(tasks), 12)
            ids = {task["data"]["goldpan_id"] for task in tasks}
            self.assertFalse(ids & set(answered), "what has an answer is not asked again")
            for task in tasks:
                task["annotations"] = [{"result": [{"type": "choices", "from_name": "label", "to_name": "image",
                                                    "value": {"choices": ["cat"]}}]}]
                answered[task["data"]["goldpan_id"]] = task
            (self.folder / "export.json").write_text(json.dumps(list(answered.values())))
        steps = [line["step"] for line in self.log() if "step" in line]
        self.assertEqual(steps, ["embed", "embed", "pick", "export", "embed", "import", "pick", "export"])
        summaries = [line for line in self.log() if "step" not in line]
        self.assertEqual([summary["annotations"] for summary in summaries], [12])
        # The rest, and then nothing.
        self.assertEqual(self.night().returncode, 0)
        for task in self.tasks():
            task["annotations"] = [{"result": [{"type": "choices", "value": {"choices": ["dog"]}}]}]
            answered[task["data"]["goldpan_id"]] = task
        self.assertEqual(len(answered), 36)
        (self.folder / "export.json").write_text(json.dumps(list(answered.values())))
        result = self.night()
        self.assertEqual(result.returncode, 3)
        self.assertIn("every frame has a label", result.stderr)

    def test_a_step_that_fails_stops_the_night(self):
        self.assertEqual(self.night().returncode, 0)
        before = self.tasks()
        (self.folder / "export.json").write_text("{ half a file")
        result = self.night()
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("import failed with status", result.stderr)
        last = self.log()[-1]
        self.assertEqual((last["step"], last["exit"] != 0), ("import", True))
        self.assertEqual(self.tasks(), before)
        self.assertIn("export.json", (self.folder / "errors.log").read_text())

    def test_one_night_at_a_time(self):
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertEqual(self.night().returncode, 75)
        self.assertEqual(self.night(self.folder / "nowhere").returncode, 64)


if __name__ == "__main__":
    main()
