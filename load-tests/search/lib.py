"""What both search benches share: pinned projects from the cache, the driven index, figures."""

import json
import os
import pathlib
import random
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).parent
LANGUAGES = {".py": "python", ".js": "javascript", ".html": "html", ".css": "css", ".json": "json", ".md": "markdown"}


def pinned(part):
    """The projects of projects.txt: part 0 for speed alone, 1 for quality."""
    lines = (HERE / "projects.txt").read_text().split("--- quality")[part].splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def fetched(requirement):
    """The folder with a project's wheel unpacked."""
    folder = pathlib.Path(os.environ["BENCH_PROJECTS"]) / requirement
    if not (folder / ".complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
             "--dest", str(folder), requirement],
            check=True,
        )
        for wheel in folder.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(folder / "source")
            wheel.unlink()
        (folder / ".complete").touch()
    return folder / "source"


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


class Index:
    """crates/hybrid-index/examples/drive.rs, one command at a time."""

    def __init__(self, folder, embed=None):
        self.embed = embed
        self.process = subprocess.Popen(
            [os.environ["BENCH_DRIVE"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ask({"open": str(folder)})

    def ask(self, command):
        self._say(command)
        while True:
            answer = json.loads(self.process.stdout.readline())
            if "embed" not in answer:
                return answer
            self._say(self.embed(answer["embed"]))

    def _say(self, value):
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def search(self, text, mode, limit=20, vector=None):
        return self.ask({"search": search(text, mode, limit, vector)})["answer"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def search(text, mode, limit=20, vector=None):
    return {"text": text, "mode": mode, "limit": limit, "vector": vector}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def interval(values, rounds=1000):
    """The mean's bootstrap interval of 95 %."""
    rng = random.Random(1)
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(rounds))
    return means[int(0.025 * rounds)], means[int(0.975 * rounds)]


def keep(name, report):
    print(report)
    if len(sys.argv) < 2 or sys.argv[1] != "alone":
        (HERE.parent / "results" / f"{name}.md").write_text(report + "\n")
