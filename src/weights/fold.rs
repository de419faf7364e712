//! Folds batch normalisation into the convolution before it.

/// The four vectors of a batch normalisation, one value per channel.
pub(super) struct BatchNorm {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

impl BatchNorm {
    /// Folds `weight * (conv(x) - mean) / sqrt(variance + eps) + bias` into a single convolution: scales `filters`,
    /// which are `[out][...]`, in place and returns the new bias. Computes in f64, since a small variance makes the
    /// quotient large.
    pub fn fold(&self, filters: &mut [f32], eps: f64) -> Vec<f32> {
        let channels = self.weight.len();
        if channels == 0 {
            return Vec::new();
        }
        let filters = filters.chunks_exact_mut(filters.len() / channels);
        let mut biases = Vec::with_capacity(channels);
        for (channel, filter) in filters.enumerate() {
            let deviation = (f64::from(self.variance[channel]) + eps).sqrt();
            let scale = f64::from(self.weight[channel]) / deviation;
            for value in filter {
                *value = (f64::from(*value) * scale) as f32;
            }
            biases.push(
                (f64::from(self.bias[channel]) - f64::from(self.mean[channel]) * scale) as f32,
            );
        }
        biases
    }
}

#[cfg(test)]
mod tests {
    use super::BatchNorm;

    #[test]
    fn folding_equals_normalising_afterwards() {
        let norm = BatchNorm {
            weight: vec![1.5, -0.25],
            bias: vec![0.5, 2.0],
            mean: vec![-1.0, 3.0],
            variance: vec![0.0, 4.0],
        };
        let (eps, input) = (1e-3, [0.7, -1.3]);
        let filters = [[2.0_f32, -3.0], [0.1, 0.2]];
        let mut folded = filters.concat();
        let biases = norm.fold(&mut folded, eps);
        for channel in 0..2 {
            let dot = |filter: &[f32]| -> f64 {
                (0..2).map(|tap| f64::from(filter[tap]) * input[tap]).sum()
            };
            let normalised = (dot(&filters[channel]) - f64::from(norm.mean[channel]))
                / (f64::from(norm.variance[channel]) + eps).sqrt()
                * f64::from(norm.weight[channel])
                + f64::from(norm.bias[channel]);
            let direct = dot(&folded[2 * channel..][..2]) + f64::from(biases[channel]);
            assert!((direct - normalised).abs() < 1e-6 * normalised.abs(), "{direct} {normalised}");
        }
    }
}
