"""Takes out of the wheels what a program for the processor alone needs of libtorch.

libtorch.py FOLDER WHEEL...: the headers go to FOLDER/include, the libraries to FOLDER/lib.
"""

import shutil
import sys
import zipfile
from pathlib import Path

WANTED = ("libtorch_cpu.so", "libc10.so", "libgomp", "libcupti.so", "libcudart.so")


def target(name):
    """Where a file of a wheel goes, or None."""
    if name.startswith("torch/include/"):
        return name.removeprefix("torch/")
    file = name.rsplit("/", 1)[-1]
    return f"lib/{file}" if file.startswith(WANTED) else None


def main(folder, *wheels):
    for path in wheels:
        with zipfile.ZipFile(path) as wheel:
            for name in wheel.namelist():
                part = None if name.endswith("/") else target(name)
                if part:
                    to = Path(folder, part)
                    to.parent.mkdir(parents=True, exist_ok=True)
                    with wheel.open(name) as source, to.open("wb") as sink:
                        shutil.copyfileobj(source, sink, 1 << 20)


main(*sys.argv[1:])
