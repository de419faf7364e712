/**
 * Ridge regression in closed form: for each class a linear function of the features, fitted to be 1 for examples of that class and 0
 * for others. A 1 is appended to the features, for the bias.
 */

/**
 * @typedef {object} Head
 * @property {(features: Float32Array) => number[]} scores of each class
 * @property {() => number[][]} leftOut for each example its scores by a head that was made without it
 */

/**
 * @param {readonly Float32Array[]} examples all of the same length
 * @param {readonly number[]} classes the class of each example
 * @param {number} count number of classes
 * @param {number} ridge the penalty on large weights, more than 0
 * @returns {Head}
 */
export function ridgeHead(examples, classes, count, ridge) {
  // The dual form solves a matrix of examples x examples, the primal one a matrix of features x features.
  return examples.length <= examples[0].length
    ? dualHead(examples, classes, count, ridge)
    : primalHead(examples, classes, count, ridge);
}

/** @type {typeof ridgeHead} */
function dualHead(examples, classes, count, ridge) {
  const n = examples.length;
  const system = symmetric(n, (i, j) => dot(examples[i], examples[j]) + 1 + (i === j ? ridge : 0));
  const factor = cholesky(system, n);
  const weights = Array.from({ length: count }, (_, index) => {
    const wanted = Float64Array.from(classes, (one) => Number(one === index));
    return solve(factor, n, wanted);
  });
  const heads = weights.map((alpha) => {
    const head = new Float64Array(examples[0].length + 1);
    examples.forEach((example, i) => addScaled(head, example, alpha[i]));
    return head;
  });
  return {
    scores: (features) => heads.map((head) => affine(head, features)),
    leftOut() {
      const diagonal = inverseDiagonal(factor, n);
      return classes.map((one, i) => weights.map((alpha, index) => Number(one === index) - alpha[i] / diagonal[i]));
    },
  };
}

/** @type {typeof ridgeHead} */
function primalHead(examples, classes, count, ridge) {
  const n = examples[0].length + 1;
  const system = new Float64Array(n * n);
  const targets = Array.from({ length: count }, () => new Float64Array(n));
  examples.forEach((example, i) => {
    const row = withOne(example);
    for (let a = 0; a < n; a++) {
      for (let b = 0; b <= a; b++) system[a * n + b] += row[a] * row[b];
    }
    addScaled(targets[classes[i]], example, 1);
  });
  for (let a = 0; a < n; a++) system[a * n + a] += ridge;
  const factor = cholesky(system, n);
  const heads = targets.map((target) => solve(factor, n, target));
  return {
    scores: (features) => heads.map((head) => affine(head, features)),
    leftOut: () =>
      examples.map((example, i) => {
        const row = withOne(example);
        const solved = solve(factor, n, row);
        const leverage = row.reduce((sum, value, a) => sum + value * solved[a], 0);
        return heads.map((head, index) => {
          const wanted = Number(classes[i] === index);
          return wanted - (wanted - affine(head, example)) / (1 - leverage);
        });
      }),
  };
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @returns {number}
 */
export function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * @param {Float64Array} head the last value is the bias
 * @param {Float32Array} features
 */
function affine(head, features) {
  let sum = head[features.length];
  for (let i = 0; i < features.length; i++) sum += head[i] * features[i];
  return sum;
}

/**
 * @param {Float64Array} sum
 * @param {Float32Array} features
 * @param {number} factor
 */
function addScaled(sum, features, factor) {
  for (let i = 0; i < features.length; i++) sum[i] += features[i] * factor;
  sum[features.length] += factor;
}

/** @param {Float32Array} features */
function withOne(features) {
  const row = new Float64Array(features.length + 1);
  addScaled(row, features, 1);
  return row;
}

/**
 * @param {number} n
 * @param {(i: number, j: number) => number} value
 * @returns {Float64Array} the lower half, row by row
 */
function symmetric(n, value) {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) matrix[i * n + j] = value(i, j);
  }
  return matrix;
}

/**
 * @param {Float64Array} matrix the lower half of a positive definite matrix; overwritten by the factor
 * @param {number} n
 * @returns {Float64Array} the lower triangle L with L Lᵀ = matrix
 */
function cholesky(matrix, n) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * n + j];
    }
  }
  return matrix;
}

/**
 * @param {Float64Array} factor
 * @param {number} n
 * @param {Float64Array} right
 * @returns {Float64Array}
 */
function solve(factor, n, right) {
  const x = right.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= factor[i * n + k] * x[k];
    x[i] /= factor[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= factor[k * n + i] * x[k];
    x[i] /= factor[i * n + i];
  }
  return x;
}

/**
 * @param {Float64Array} factor
 * @param {number} n
 * @returns {Float64Array} the diagonal of the matrix's inverse
 */
function inverseDiagonal(factor, n) {
  const diagonal = new Float64Array(n);
  for (let column = 0; column < n; column++) {
    // The sum of the squares of a column of L⁻¹ is the diagonal element.
    const x = new Float64Array(n);
    for (let i = column; i < n; i++) {
      let sum = Number(i === column);
      for (let k = column; k < i; k++) sum -= factor[i * n + k] * x[k];
      x[i] = sum / factor[i * n + i];
      diagonal[column] += x[i] ** 2;
    }
  }
  return diagonal;
}
