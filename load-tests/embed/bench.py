"""Measures chunks per second and the time of a query: our embedder, PyTorch and ONNX Runtime, same model, same texts.

Reads EMBEDDER, MODEL and LIBTORCH. Texts are pieces of this project's own sources of about 100 tokens. Prints Markdown.
"""

import json
import os
import platform
import re
import struct
import subprocess
import sys
import time
from pathlib import Path

import msgpack
import numpy as np
import onnxruntime
import torch
import transformers

ROOT = Path(__file__).resolve().parents[2]
MODEL = os.environ["MODEL"]
CHUNKS = int(os.environ.get("CHUNKS", "512"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
QUERIES = ["where is the output of a job recorded", "parse a range header", "retry with backoff", "session actor core"]
CORES = os.cpu_count()


def chunks():
    """Pieces of 9 lines from Rust, TypeScript and Python files, the same in each run of one commit."""
    listed = subprocess.run(["git", "ls-files", "*.rs", "*.ts", "*.tsx", "*.py"], cwd=ROOT, capture_output=True, text=True)
    texts = []
    for name in listed.stdout.split():
        lines = (ROOT / name).read_text().splitlines()
        for at in range(0, len(lines) - 9, 9):
            texts.append(name + "\n" + "\n".join(lines[at : at + 9]))
    step = max(1, len(texts) // CHUNKS)
    return texts[::step][:CHUNKS]


class Embedder:
    """Our program, spoken to as a worker does."""

    def __init__(self, precision, threads=0):
        command = [os.environ["EMBEDDER"], "--model", MODEL, "--precision", precision, "--threads", str(threads)]
        environment = {"LD_LIBRARY_PATH": os.environ["LIBTORCH"] + "/lib"}
        began = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.about = self.receive()["ready"]
        self.started = time.perf_counter() - began
        self.id = 0

    def send(self, kind, texts):
        self.id += 1
        request = {"id": self.id, "kind": kind, "texts": texts, "timeout_ms": 600_000}
        body = msgpack.packb({"embed": request})
        self.process.stdin.write(struct.pack(">I", len(body)) + body)
        self.process.stdin.flush()
        return self.id

    def receive(self):
        (length,) = struct.unpack(">I", self.process.stdout.read(4))
        return msgpack.unpackb(self.process.stdout.read(length))

    def embed(self, texts, kind="document", size=32):
        """As the worker does: sorted by length, several requests on their way."""
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        parts = [order[at : at + size] for at in range(0, len(order), size)]
        waiting, vectors = {}, np.zeros((len(texts), self.about["dimensions"]), np.float32)
        while parts or waiting:
            while parts and len(waiting) < 8:
                part = parts.pop()
                waiting[self.send(kind, [texts[index] for index in part])] = part
            answer = self.receive()["vectors"]
            part = waiting.pop(answer["id"])
            vectors[part] = np.frombuffer(answer["data"], "<f4").reshape(len(part), -1)
        return vectors

    def memory_mb(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        values = dict(re.findall(r"(RssAnon|RssFile):\s+(\d+) kB", status))
        return {name: int(value) // 1024 for name, value in values.items()}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Torch:
    """transformers on PyTorch, sorted by length, in batches of 32."""

    def __init__(self, dtype):
        torch.set_num_threads(CORES)
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL)
        self.model = transformers.AutoModel.from_pretrained(MODEL, torch_dtype=dtype).eval()

    def embed(self, texts, size=32):
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        vectors = np.zeros((len(texts), 384), np.float32)
        for at in range(0, len(order), size):
            part = order[at : at + size]
            tokens = self.tokenizer([texts[i] for i in part], padding=True, truncation=True, max_length=256, return_tensors="pt")
            with torch.no_grad():
                hidden = self.model(**tokens).last_hidden_state.float()
            vectors[part] = pooled(hidden.numpy(), tokens["attention_mask"].numpy())
        return vectors


class Onnx:
    """The same network, exported from PyTorch, on ONNX Runtime."""

    def __init__(self, folder):
        path = Path(folder) / "model.onnx"
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL)
        if not path.exists():
            export(path, self.tokenizer)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = CORES
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def embed(self, texts, size=32):
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        vectors = np.zeros((len(texts), 384), np.float32)
        for at in range(0, len(order), size):
            part = order[at : at + size]
            tokens = self.tokenizer([texts[i] for i in part], padding=True, truncation=True, max_length=256, return_tensors="np")
            (hidden,) = self.session.run(None, {name: tokens[name] for name in ("input_ids", "attention_mask")})
            vectors[part] = pooled(hidden, tokens["attention_mask"])
        return vectors


def export(path, tokenizer):
    model = transformers.AutoModel.from_pretrained(MODEL, attn_implementation="eager").eval().requires_grad_(False)
    tokens = tokenizer(["an example", "of two texts"], padding=True, return_tensors="pt")

    class Hidden(torch.nn.Module):
        def forward(self, input_ids, attention_mask):
            return model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    axes = {name: {0: "batch", 1: "tokens"} for name in ("input_ids", "attention_mask", "hidden")}
    torch.onnx.export(Hidden(), (tokens["input_ids"], tokens["attention_mask"]), str(path), dynamic_axes=axes,
                      input_names=["input_ids", "attention_mask"], output_names=["hidden"], opset_version=17)


def pooled(hidden, mask):
    mask = mask[:, :, None].astype(np.float32)
    mean = (hidden * mask).sum(1) / mask.sum(1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def rate(embed, texts):
    """The best of some rounds: the others measure what else the machine does."""
    best = 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        vectors = embed(texts)
        best = max(best, len(texts) / (time.perf_counter() - began))
    return best, vectors


def query_ms(embed):
    times = []
    for round in range(25):
        for query in QUERIES:
            began = time.perf_counter()
            embed([query + f" {round}"])
            times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.95)]


def machine():
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)[1]
    has = " ".join(name for name in ("avx2", "avx512_bf16", "amx_bf16") if name in info)
    return f"{CORES} cores, {model} ({has})"


def main():
    texts = chunks()
    load = os.getloadavg()[0]
    rows, baseline = [], None
    torch_f32 = Torch(torch.float32)
    baseline, reference = rate(torch_f32.embed, texts)
    tokens = np.mean([len(ids) for ids in torch_f32.tokenizer(texts, truncation=True, max_length=256)["input_ids"]])
    rows.append(("PyTorch, f32", baseline, *query_ms(torch_f32.embed), 1.0, None))
    for name, make in [("PyTorch, bf16", lambda: Torch(torch.bfloat16)), ("ONNX Runtime, f32", lambda: Onnx(sys.argv[1]))]:
        peer = make()
        best, vectors = rate(peer.embed, texts)
        rows.append((name, best, *query_ms(peer.embed), float((vectors * reference).sum(1).min()), None))
    for precision in ("f32", "bf16"):
        ours = Embedder(precision)
        best, vectors = rate(ours.embed, texts)
        query = query_ms(lambda query: ours.embed(query, "query"))
        rows.append((f"engunity-embedder, {precision}", best, *query, float((vectors * reference).sum(1).min()), ours.memory_mb()))
        print(f"{precision}: loaded in {ours.started:.1f} s, {ours.about}", file=sys.stderr)
        ours.close()
    print(f"{machine()}; load average {load:.1f} before and {os.getloadavg()[0]:.1f} after; {len(texts)} chunks of {tokens:.0f} "
          f"tokens on average; PyTorch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}, Python {platform.python_version()}.")
    print()
    print("| program | chunks/s | × PyTorch f32 | query p50 ms | p95 ms | least cosine to f32 | memory MB (own + files) |")
    print("|---|---|---|---|---|---|---|")
    for name, best, p50, p95, cosine, memory in rows:
        used = f"{memory['RssAnon']} + {memory['RssFile']}" if memory else ""
        print(f"| {name} | {best:.1f} | {best / baseline:.2f} | {p50:.1f} | {p95:.1f} | {cosine:.4f} | {used} |")


if __name__ == "__main__":
    main()
