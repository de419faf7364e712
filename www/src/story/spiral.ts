/** The loss of information by ReLU in any number of dimensions: figure 1 of MobileNetV2's paper. */

export type Point = readonly [x: number, y: number];

/** `n` rows of two values: maps a point to n dimensions. */
export type Matrix = readonly Point[];

/** A spiral about the origin. */
export function spiral(points = 400, turns = 2.5): Point[] {
  return Array.from({ length: points }, (_, index) => {
    const radius = index / (points - 1);
    const angle = 2 * Math.PI * turns * radius;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/** Normally distributed values, by Box and Muller's method. */
export function randomMatrix(n: number, random: () => number = Math.random): Matrix {
  return Array.from({ length: n }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/** The pseudo-inverse, (MᵀM)⁻¹Mᵀ. Returns its n columns. The matrix's two columns must not be parallel. */
export function pseudoInverse(matrix: Matrix): Matrix {
  const sum = (of: (row: Point) => number) => matrix.reduce((sum, row) => sum + of(row), 0);
  const [a, b, d] = [sum(([x]) => x * x), sum(([x, y]) => x * y), sum(([, y]) => y * y)];
  const determinant = a * d - b * b;
  return matrix.map(([x, y]) => [(d * x - b * y) / determinant, (a * y - b * x) / determinant]);
}

/** A spiral mapped to n dimensions, through ReLU, and back. */
export interface Returned {
  points: Point[];
  /**
   * For each point, whether it is lost: fewer than two of its values were positive, and one number doesn't determine a place in the
   * plane.
   */
  lost: boolean[];
}

/** Maps points to as many dimensions as `matrix` has rows, applies ReLU, and maps them back. */
export function throughRelu(points: readonly Point[], matrix: Matrix): Returned {
  const inverse = pseudoInverse(matrix);
  const lost: boolean[] = [];
  const returned = points.map(([x, y]): Point => {
    const values = matrix.map((row) => Math.max(0, row[0] * x + row[1] * y));
    lost.push(values.filter((value) => value > 0).length < 2);
    const sum = (axis: 0 | 1) => values.reduce((sum, value, index) => sum + value * inverse[index][axis], 0);
    return [sum(0), sum(1)];
  });
  return { points: returned, lost };
}
