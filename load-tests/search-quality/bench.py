"""The CodeSearchNet method on pinned projects: the first paragraph of a docstring must find its function among all
functions of the project, from which every docstring was removed. With BENCH_MODEL (a folder with an ONNX sentence model
and its tokenizer.json) meaning takes part, else only words are measured."""

import ast
import math
import os
import pathlib
import re
import tempfile

from lib import Index, fetched, files_of, interval, keep, pinned

MODES = {"words": "lexical", "meaning": "semantic", "hybrid": "hybrid"}


def paragraph(docstring):
    """A docstring's first paragraph as a query, if it is one."""
    text = " ".join(docstring.strip().split("\n\n")[0].split())
    words = text.split()
    is_query = 3 <= len(words) <= 60 and text.isascii() and "://" not in text and not text.startswith((">>>", ":"))
    return text if is_query else None


def stripped(source):
    """The source without docstrings, line for line, and (query, name, first line, last line) of each function."""
    tree = ast.parse(source)
    lines = source.split("\n")
    queries = []
    for node in ast.walk(tree):
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
        if not isinstance(node, kinds) or not ast.get_docstring(node, clean=True):
            continue
        literal = node.body[0]
        if isinstance(node, kinds[:2]) and (query := paragraph(ast.get_docstring(node))):
            queries.append((query, node.name, node.lineno, node.end_lineno))
        indent = " " * literal.col_offset
        for at in range(literal.lineno - 1, literal.end_lineno):
            lines[at] = ""
        lines[literal.lineno - 1] = indent + "pass" if len(node.body) == 1 else ""
    return "\n".join(lines), queries


def prepared(requirement, target):
    files, queries = [], []
    root = fetched(requirement)
    for path in files_of(root):
        if path.suffix != ".py":
            continue
        try:
            text, found = stripped(path.read_text())
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue
        relative = str(path.relative_to(root))
        place = target / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        files.append([relative, "python", str(place)])
        queries += [(query, relative, name, first, last) for query, name, first, last in found]
    return files, queries


def rank(hits, path, name, first, last):
    for at, hit in enumerate(hits):
        is_short = hit["end_line"] - hit["start_line"] <= 120 or hit["symbol"] and hit["symbol"]["name"] == name
        if hit["path"] == path and is_short and hit["start_line"] <= last and first <= hit["end_line"]:
            if not hit["symbol"] or hit["symbol"]["name"] == name:
                return at + 1
    return None


def model():
    folder = os.environ.get("BENCH_MODEL")
    if not folder:
        return None
    import numpy
    import onnxruntime
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(next(pathlib.Path(folder).rglob("tokenizer.json"))))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()
    session = onnxruntime.InferenceSession(str(next(pathlib.Path(folder).rglob("*.onnx"))))
    wanted = {one.name for one in session.get_inputs()}

    def embed(texts):
        encoded = tokenizer.encode_batch(texts)
        mask = numpy.array([one.attention_mask for one in encoded], dtype=numpy.int64)
        inputs = {"input_ids": numpy.array([one.ids for one in encoded], dtype=numpy.int64), "attention_mask": mask,
                  "token_type_ids": numpy.zeros_like(mask)}
        states = session.run(None, {name: value for name, value in inputs.items() if name in wanted})[0]
        if states.ndim == 3:
            weights = mask[:, :, None]
            states = (states * weights).sum(1) / weights.sum(1)
        return states.tolist()

    return embed


def row(name, ranks):
    reciprocal = [1 / r if r and r <= 10 else 0 for r in ranks]
    low, high = interval(reciprocal)
    recall = lambda limit: sum(1 for r in ranks if r and r <= limit) / len(ranks)
    gain = sum(1 / math.log2(1 + r) if r and r <= 10 else 0 for r in ranks) / len(ranks)
    mean = sum(reciprocal) / len(reciprocal)
    return f"| {name} | {mean:.3f} [{low:.3f}, {high:.3f}] | {recall(5):.3f} | {recall(10):.3f} | {recall(20):.3f} | {gain:.3f} |"


def main():
    embed = model()
    modes = MODES if embed else {"words": "lexical"}
    projects = os.environ.get("BENCH_ONLY", "").split() or pinned(1)
    ranks = {name: [] for name in modes}
    table, functions = [], 0
    for requirement in projects:
        with tempfile.TemporaryDirectory() as scratch:
            files, queries = prepared(requirement, pathlib.Path(scratch) / "source")
            index = Index(pathlib.Path(scratch) / "index", embed)
            index.ask({"put": files})
            if embed:
                index.ask({"embed": {"dimensions": len(embed(["x"])[0])}})
            functions += index.ask("state")["state"]["chunks"]
            own = {name: [] for name in modes}
            for query, path, name, first, last in queries:
                vector = embed([query])[0] if embed else None
                for label, mode in modes.items():
                    hits = index.search(query, mode, 20, vector)["hits"]
                    own[label].append(rank(hits, path, name, first, last))
            index.close()
        for label in modes:
            ranks[label] += own[label]
        means = " | ".join(
            f"{sum(1 / r if r and r <= 10 else 0 for r in own[label]) / max(1, len(own[label])):.3f}" for label in modes
        )
        table.append(f"| {requirement} | {len(queries)} | {means} |")
    report = [
        "# Search: quality",
        "",
        f"First paragraph of a docstring → its function; {sum(map(len, ranks.values())) // len(ranks)} queries, "
        f"{functions} candidates,",
        "docstrings removed from the indexed text, one index for each project. Exactly the right function counts.",
        "",
        "| | MRR@10 [95 %] | Recall@5 | Recall@10 | Recall@20 | nDCG@10 |",
        "|---|---|---|---|---|---|",
        *[row(label, ranks[label]) for label in modes],
        "",
        f"MRR@10 by project:\n\n| project | queries | {' | '.join(modes)} |",
        "|---|---|" + "---|" * len(modes),
        *table,
    ]
    if not embed:
        report += ["", "Without a model (`BENCH_MODEL`): words only."]
    keep("search-quality", "\n".join(report))


main()
