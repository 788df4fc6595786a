"""How fast the index takes files in and answers, beside ripgrep on the same files, in the same run."""

import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time

from lib import LANGUAGES, Index, fetched, files_of, keep, percentile, pinned, search

QUERIES = 200


def copied(target):
    for requirement in pinned(0) + pinned(1):
        shutil.copytree(fetched(requirement), target / requirement.split("==")[0])
    return files_of(target)


def words_of(files, rng):
    """Identifiers, lines and pairs of words that occur somewhere."""
    texts = [path.read_text(errors="replace") for path in rng.sample(files, min(300, len(files))) if path.suffix == ".py"]
    names = sorted(set(re.findall(r"\b[A-Za-z_]\w{5,25}\b", " ".join(texts))))
    return rng.sample(names, min(QUERIES, len(names)))


def regexes(names):
    shapes = [r"{}\w*\(", r"def \w*{}", r"^\s*{}", r"{}.*=", r"(?i){}s?\b"]
    return [shapes[at % len(shapes)].format(name) for at, name in enumerate(names)]


def ripgrep(root, pattern, fixed):
    command = ["rg", "--no-config", "--no-ignore", "--hidden", "--no-heading", "--line-number", "--smart-case", "--no-messages"]
    command += ["--fixed-strings"] if fixed else []
    began = time.perf_counter()
    out = subprocess.run(command + ["-e", pattern, "."], cwd=root, capture_output=True).stdout
    took = (time.perf_counter() - began) * 1e6
    lines = (re.match(rb"\./(.*?):(\d+):", line) for line in out.split(b"\n"))
    return took, {(line[1].decode(errors="replace"), int(line[2])) for line in lines if line}


def equal(index, root, skipped, names):
    """Whether both find the same lines; files that are binary are the index's alone to skip."""
    wrong, ours, theirs = [], [], []
    for fixed, patterns in [(True, names), (False, regexes(names))]:
        for pattern in patterns:
            took, expected = ripgrep(root, pattern, fixed)
            answer = index.ask({"search": search(pattern, "text" if fixed else "regex", 10_000)})
            found = {(hit["path"], hit["start_line"]) for hit in answer["answer"]["hits"]}
            if not answer["answer"]["more"] and found != {hit for hit in expected if hit[0] not in skipped}:
                wrong.append(pattern)
            ours.append(answer["us"])
            theirs.append(took)
    return wrong, ours, theirs


def timed(index, mode, texts, threads):
    searches = [search(text, mode, 20) for text in texts]
    index.ask({"time": {"searches": searches, "threads": 1}})
    times = index.ask({"time": {"searches": searches * (4 if threads > 1 else 1), "threads": threads}})["times"]
    return percentile(times, 0.5) / 1000, percentile(times, 0.99) / 1000


def main():
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch) / "corpus"
        files = copied(root)
        index = Index(pathlib.Path(scratch) / "index")
        entries = [[str(path.relative_to(root)), LANGUAGES.get(path.suffix), str(path)] for path in files]
        put = index.ask({"put": entries})
        one = rng.choice([path for path in files if path.suffix == ".py"])
        one.write_text(one.read_text() + "\n# a saved line\n")
        saved = index.ask({"put": [[str(one.relative_to(root)), "python", str(one)]]})
        state = index.ask("state")
        names = words_of(files, rng)
        binary = {str(path.relative_to(root)) for path in files if b"\0" in path.read_bytes()}
        wrong, ours, theirs = equal(index, root, binary, names)
        questions = [f"{a.replace('_', ' ')} {b.replace('_', ' ')}" for a, b in zip(names, names[1:])]
        rows = [
            ("lexical", questions), ("symbol", names), ("text", names), ("regex", regexes(names)),
            ("path", [name[:6] for name in names]),
        ]
        size = sum(path.stat().st_size for path in files)
        report = [
            "# Search: rate and latencies",
            "",
            f"{len(files)} files, {size / 1e6:.1f} MB, {state['state']['chunks']} functions, types and chunks; "
            f"profile {os.environ['BENCH_PROFILE']}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}.",
            "",
            "| | figure |",
            "|---|---|",
            f"| words, symbols, trigrams and paths ready | {put['us'] / 1e6:.1f} s, {put['bytes'] / put['us']:.1f} MB/s |",
            f"| one saved file can be found after | {saved['us'] / 1000:.0f} ms |",
            f"| index on disk, without vectors | {state['state']['disk_bytes'] / size:.2f} times the files |",
            f"| resident memory | {state['rss_kb'] / 1000:.0f} MB |",
            f"| lines equal to ripgrep's | {2 * len(names) - len(wrong)} of {2 * len(names)} patterns |",
            f"| all lines of a pattern, p50 | {percentile(ours, 0.5) / 1000:.1f} ms; "
            f"ripgrep {percentile(theirs, 0.5) / 1000:.1f} ms with the start of its process |",
            "",
            "| mode, 20 hits | p50 | p99 | p50 with 8 clients | p99 with 8 clients |",
            "|---|---|---|---|---|",
        ]
        for mode, texts in rows:
            one, eight = timed(index, mode, texts, 1), timed(index, mode, texts, 8)
            report.append(f"| {mode} | {one[0]:.1f} ms | {one[1]:.1f} ms | {eight[0]:.1f} ms | {eight[1]:.1f} ms |")
        if wrong:
            report += ["", "Not equal: " + ", ".join(f"`{pattern}`" for pattern in wrong[:20])]
        index.close()
        keep("search", "\n".join(report))
        if wrong:
            raise SystemExit("the index does not find what ripgrep finds")


main()
