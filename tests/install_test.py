#!/usr/bin/env python3
"""An installed copy is found by an outside CMake project, which builds and runs the C++ example of README.md.

Arguments: the repository's root, its build folder. Prints one closing line.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "apps"))
from harness import write_npy  # noqa: E402


def run(*command, cwd=None):
    result = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True)
    if result.returncode != 0:
        print(result.stdout, result.stderr)
        print("0 passed, 1 failed")
        sys.exit(1)
    return result.stdout


def main():
    root, build = map(pathlib.Path, sys.argv[1:3])
    example = re.search(r"```cpp\n(.*?)```", (root / "README.md").read_text(), re.DOTALL).group(1)
    with tempfile.TemporaryDirectory(prefix="goldpan-test-") as name:
        folder = pathlib.Path(name)
        run("cmake", "--install", build, "--prefix", folder / "prefix")
        (folder / "example.cpp").write_text(example)
        run("cmake", "-S", root / "tests/consumer", "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}",
            f"-DCONSUMER_SOURCE={folder / 'example.cpp'}")
        run("cmake", "--build", folder / "build")
        # Ten points on a line: k-center begins next to the middle and then takes the ends.
        write_npy(folder / "embeddings.npy", "f", (10, 1), range(10))
        picks = [int(line) for line in run(folder / "build/consumer", cwd=folder).split()]
    good = sorted(picks) == list(range(10)) and picks[0] == 4 and picks[1] == 9
    print(picks)
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
