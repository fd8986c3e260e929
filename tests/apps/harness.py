"""What the tests of the program share: running it, and writing .npy files without NumPy."""
import collections
import io
import pathlib
import pickle
import random
import struct
import subprocess
import sys
import tempfile
import types
import unittest
import zipfile

# What the program ends with (docs/pipelines.md).
BAD_INPUT, USAGE, NOTHING_TO_PICK, INTERNAL, INTERRUPTED = 1, 2, 3, 4, 130

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


def write_pt(path, tensors, byte_order="little", compression=zipfile.ZIP_STORED):
    """What torch.save writes, without PyTorch: `tensors` is one Tensor or a dictionary, list, ... of such."""
    torch, utilities = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2():
        pass

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utilities._rebuild_tensor_v2 = _rebuild_tensor_v2
    storages = []

    class Pickled:
        def __init__(self, tensor):
            self.tensor = tensor

        def __reduce__(self):
            t = self.tensor
            return _rebuild_tensor_v2, (t, t.offset, t.shape, t.strides, False, collections.OrderedDict())

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if not isinstance(value, Tensor):
                return None
            kind = getattr(torch, value.storage)
            if value.values not in storages:
                storages.append(value.values)
            return "storage", kind, str(storages.index(value.values)), "cpu", len(value.values)

    def wrap(value):
        if isinstance(value, Tensor):
            return Pickled(value)
        if isinstance(value, dict):
            return {key: wrap(item) for key, item in value.items()}
        return [wrap(item) for item in value] if isinstance(value, list) else value

    for name in ("FloatStorage", "HalfStorage", "DoubleStorage", "LongStorage", "BFloat16Storage"):
        setattr(torch, name, type(name, (), {"__module__": "torch", "__qualname__": name}))
    before = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules.update({"torch": torch, "torch._utils": utilities})
    try:
        text = io.BytesIO()
        Pickler(text, protocol=2).dump(wrap(tensors))
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", text.getvalue())
        archive.writestr("archive/byteorder", byte_order)
        for i, values in enumerate(storages):
            archive.writestr(f"archive/data/{i}", values)


class Tensor:
    """`values` are the storage's bytes, `storage` its class in PyTorch."""

    def __init__(self, storage, shape, strides, values, offset=0):
        self.storage, self.shape, self.strides, self.values, self.offset = storage, shape, strides, values, offset


class ProgramTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="goldpan-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def succeeds(self, *arguments, **options):
        result = goldpan(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def fails(self, expected, *arguments, status=(BAD_INPUT, USAGE), **options):
        """The program must end with one of these statuses and say `expected` on standard error."""
        result = goldpan(*arguments, **options)
        statuses = status if isinstance(status, tuple) else (status,)
        self.assertIn(result.returncode, statuses, result.stdout + result.stderr)
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
