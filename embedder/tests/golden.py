"""Computes golden.json with transformers on PyTorch: what the real model says about odd and ordinary texts.

golden.py MODEL-FOLDER >golden.json   (pip install torch==2.4.0 'numpy<2' transformers==4.46.3)
"""

import json
import sys

import torch
from transformers import AutoModel, AutoTokenizer

TEXTS = [
    "read a file line by line",
    "open the file and iterate over its lines",
    "compute the discrete Fourier transform",
    "def read_lines(path):\n    with open(path) as file:\n        return [line.rstrip('\\n') for line in file]",
    "",
    "   \n\t ",
    "a",
    " ".join("def function_%d(argument): return argument + %d" % (i, i) for i in range(150)),
    "naïve café déjà-vu Ångström",
    "漢字とカタカナ を混ぜた文章",
    "emoji 👩‍👩‍👧‍👦 and 🏳️‍🌈 flags",
    "zero\u200bwidth\u00adsoft\ufeffbom \u202eright to left\u202c",
    "combining e\u0301 o\u0308 n\u0303",
    "[CLS] literal special [SEP] tokens [MASK] [PAD]",
    "\u0000nul\u0001ctrl\ufffd",
    "ﬁ ligature Ⅷ ½ ﷽",
    "x" * 3000,
    "İstanbul ſtraße K",
    "a\u3000b\u00a0c\u2028d\u0085e",
    "𝒳 𝔸 math 𐍈",
    "snake_case camelCase HTTPServer2 0x1F 1e-12 a->b::c",
]


def main(folder):
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    def vector(text):
        tokens = tokenizer([text], truncation=True, max_length=256, return_tensors="pt")
        with torch.no_grad():
            mean = model(**tokens).last_hidden_state[0].mean(0)
        return torch.nn.functional.normalize(mean, dim=0)

    vectors = torch.stack([vector(text) for text in TEXTS])
    rows = [json.dumps([round(value, 4) for value in row]) for row in (vectors @ vectors.T).tolist()]
    first = [[round(value, 4) for value in row[:4]] for row in vectors.tolist()]
    print('{"texts": %s,' % json.dumps(TEXTS))
    print('"first": %s,' % json.dumps(first))
    print('"similarities": [%s]}' % ",\n".join(rows))


main(sys.argv[1])
