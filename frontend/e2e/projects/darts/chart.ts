interface Point {
  x: number;
  y: number;
}

export function scale(points: Point[], factor: number): Point[] {
  return points.map(({ x, y }) => ({ x: x * factor, y: y * factor }));
}

const wrong: number = "text";
