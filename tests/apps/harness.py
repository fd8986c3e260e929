"""What the tests of the program share: running it, and writing .npy files without NumPy."""
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "goldpan"


def goldpan(*arguments, **options):
    """Runs the program; returns the completed process with text output."""
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=600, **options)


def write_npy(path, kind, shape, values):
    """`kind` is struct's letter for one little-endian value: f, e (half), q, B, ?"""
    names = {"f": "<f4", "e": "<f2", "d": "<f8", "q": "<i8", "B": "|u1", "?": "|b1"}
    header = "{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }" % (
        names[kind], ", ".join(map(str, shape)))
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    values = list(values)
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack("<%d%s" % (len(values), kind), *values))


def write_clouds(folder, items=600, dim=8, classes=3, seed=1):
    """An `npy:` data set of overlapping clouds; returns embeddings and labels as lists."""
    generator = random.Random(seed)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    labels = [generator.randrange(classes) for _ in range(items)]
    rows = [[generator.gauss(2.0 if j == label else 0.0, 1.0) for j in range(dim)] for label in labels]
    write_npy(folder / "embeddings.npy", "f", (items, dim), [x for row in rows for x in row])
    write_npy(folder / "labels.npy", "q", (items,), labels)
    return rows, labels


class ProgramTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="goldpan-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def succeeds(self, *arguments, **options):
        result = goldpan(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def fails(self, expected, *arguments, **options):
        """The program must end with status 1 and say `expected` on standard error."""
        result = goldpan(*arguments, **options)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn(expected, result.stderr)
        return result


def main():
    """Runs the calling module's tests and prints a closing line that counts them."""
    program = unittest.main(module="__main__", argv=sys.argv[:1], exit=False, verbosity=1)
    result = program.result
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)
