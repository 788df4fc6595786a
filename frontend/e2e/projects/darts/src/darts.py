"""Estimate pi by throwing darts, and keep how it converges."""
from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path

OUTPUT = Path("output")


@dataclass(frozen=True)
class Dart:
    x: float
    y: float

    @property
    def hit(self) -> bool:
        return self.x**2 + self.y**2 <= 1.0


def throw(count: int, seed: int = 7) -> list[Dart]:
    """Throws darts at the unit square."""
    rng = random.Random(seed)
    return [Dart(rng.random(), rng.random()) for _ in range(count)]


def estimate(darts: list[Dart]) -> float:
    hits = sum(1 for dart in darts if dart.hit)
    return 4 * hits / len(darts)


def main() -> None:
    OUTPUT.mkdir(exist_ok=True)
    with (OUTPUT / "convergence.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["darts", "pi"])
        for power in range(1, 6):
            pi = estimate(throw(10**power))
            print(f"{10**power:>9,} darts  \x1b[36m{pi:.5f}\x1b[0m")
            table.writerow([10**power, pi])
    (OUTPUT / "report.html").write_text("<h1>Convergence</h1><p>It gets there.</p>")


if __name__ == "__main__":
    main()
