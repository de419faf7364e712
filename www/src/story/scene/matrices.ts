/** Functions for symmetric and positive definite matrices, which are stored row by row. */

/**
 * Adds `columnsᵀ columns` to `sum`, on the diagonal and below it.
 * @param columns one column after the other, of `rows` numbers each
 */
export function addGram(sum: Float64Array, columns: Float64Array, rows: number): void {
  const n = columns.length / rows;
  const found = new Float64Array(8);
  for (let i = 0; i < n; i += 2) {
    const [i0, i1] = [i * rows, Math.min(i + 1, n - 1) * rows];
    // The loop computes eight sums at a time, to use each number that it reads more than once.
    for (let j = 0; j <= Math.min(i + 1, n - 1); j += 4) {
      const [j0, j1] = [j * rows, Math.min(j + 1, n - 1) * rows];
      const [j2, j3] = [Math.min(j + 2, n - 1) * rows, Math.min(j + 3, n - 1) * rows];
      let [s0, s1, s2, s3, t0, t1, t2, t3] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let row = 0; row < rows; row++) {
        const x = columns[i0 + row];
        const y = columns[i1 + row];
        const a = columns[j0 + row];
        const b = columns[j1 + row];
        const c = columns[j2 + row];
        const d = columns[j3 + row];
        s0 += x * a;
        s1 += x * b;
        s2 += x * c;
        s3 += x * d;
        t0 += y * a;
        t1 += y * b;
        t2 += y * c;
        t3 += y * d;
      }
      found[0] = s0;
      found[1] = s1;
      found[2] = s2;
      found[3] = s3;
      found[4] = t0;
      found[5] = t1;
      found[6] = t2;
      found[7] = t3;
      for (let place = 0; place < 8; place++) {
        const [row, column] = [i + (place >> 2), j + (place & 3)];
        if (row < n && column <= row) sum[row * n + column] += found[place];
      }
    }
  }
}

/** Copies the half below the diagonal to the one above it. */
export function mirror(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) matrix[j * n + i] = matrix[i * n + j];
}

/**
 * Replaces a matrix by its Cholesky factor, on the diagonal and below it.
 * @throws if the matrix isn't positive definite
 */
export function factorise(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
      if (j < i) matrix[i * n + j] = sum / matrix[j * n + j];
      else if (sum > 0) matrix[i * n + i] = Math.sqrt(sum);
      else throw new Error(`row ${i} of the matrix is a sum of others`);
    }
  }
}

/** Solves `matrix x = values` in place, with the Cholesky factor of the matrix. */
export function solve(factor: Float64Array, n: number, values: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = values[i];
    for (let k = 0; k < i; k++) sum -= factor[i * n + k] * values[k];
    values[i] = sum / factor[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = (values[i] /= factor[i * n + i]);
    // The loop follows the factor's rows, as they lie in memory.
    for (let k = 0; k < i; k++) values[k] -= factor[i * n + k] * value;
  }
}

/** The inverse of a matrix, from its Cholesky factor. */
export function inverse(factor: Float64Array, n: number): Float64Array {
  // The factor is inverted first. The inverse of the matrix is the sum of products of its rows.
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = rows.subarray(i * n, (i + 1) * n);
    row[i] = 1;
    for (let k = 0; k < i; k++) {
      const weight = factor[i * n + k];
      for (let j = 0; j <= k; j++) row[j] -= weight * rows[k * n + j];
    }
    const diagonal = factor[i * n + i];
    for (let j = 0; j <= i; j++) row[j] /= diagonal;
  }
  const result = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i <= k; i++) {
      const value = rows[k * n + i];
      for (let j = 0; j <= i; j++) result[i * n + j] += value * rows[k * n + j];
    }
  }
  mirror(result, n);
  return result;
}
