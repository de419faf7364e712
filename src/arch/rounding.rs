//! Rounds channel counts scaled by a width multiplier. Each library rounds differently, and a checkpoint fits only the
//! network that its own library builds.

use super::Family;
use super::table::{Last, Scaling, Table};

/// The library whose rounding a network follows. All of them agree at width 1.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// timm 1.0: `_efficientnet_builder.round_channels`, `efficientnet._gen_mobilenet_v1` and `_v2`,
    /// `mobilenetv3._gen_mobilenet_v3`.
    Timm,
    /// torchvision 0.29: differs from timm for V3 (`mobilenetv3.InvertedResidualConfig`).
    Torchvision,
    /// transformers 5: differs from timm for V1 and V2 (`modeling_mobilenet_v1`, `modeling_mobilenet_v2`).
    Transformers,
    /// Keras 2 and 3: differs from timm for V1, V2 and V3 (`mobilenet`, `mobilenet_v2` and `mobilenet_v3` of
    /// `keras.applications`).
    Keras,
}

/// The multiple of 8 nearest to `channels`, rounding half up. It is at least 8 and never below 90 % of `channels`.
///
/// The rule comes from the TensorFlow reference implementation; all these libraries use it.
#[must_use]
pub(super) fn make_divisible(channels: f64) -> usize {
    let nearest = ((channels + 4.0) / 8.0).floor().max(1.0) * 8.0;
    let rounded = if nearest < 0.9 * channels { nearest + 8.0 } else { nearest };
    rounded as usize
}

impl Rounding {
    /// Output channels of a block that has `channels` in the paper's table.
    pub(super) fn scale(self, family: Family, channels: usize, width: f64) -> usize {
        let scaled = channels as f64 * width;
        match (self, family) {
            // Rounds down, to at least 8, but not to a multiple of 8.
            (Self::Transformers, Family::V1) => (scaled as usize).max(8),
            (Self::Transformers, Family::V2) => make_divisible(scaled.round_ties_even()),
            (Self::Keras, Family::V1) => scaled as usize,
            (Self::Keras, Family::V2) => make_divisible(scaled.floor()),
            _ => make_divisible(scaled),
        }
    }

    /// Channels of the stem.
    pub(super) fn stem(self, table: &Table, width: f64) -> usize {
        // Keras rounds down only a block's channels.
        if (self, table.family) == (Self::Keras, Family::V2) {
            return make_divisible(table.stem as f64 * width);
        }
        let kept = match (self, table.family) {
            (Self::Keras, Family::V3) => true,
            (Self::Torchvision, Family::V3) => false,
            _ => width < table.stem_scales_from,
        };
        if kept { table.stem } else { self.scale(table.family, table.stem, width) }
    }

    /// Expanded channels of a V3 block with `input` channels. In the paper's table it has `table_input` input channels
    /// and `expanded` expanded ones.
    pub(super) fn v3_expanded(
        self,
        expanded: usize,
        input: usize,
        table_input: usize,
        width: f64,
    ) -> usize {
        if self == Self::Keras {
            // Keras multiplies by the ratio: 2.3 times 200 is a little less than 460.
            make_divisible(input as f64 * (expanded as f64 / table_input as f64))
        } else if self.v3_as_timm() {
            // timm keeps the table's ratio of expanded to input channels.
            make_divisible((input * expanded) as f64 / table_input as f64)
        } else {
            make_divisible(expanded as f64 * width)
        }
    }

    /// Channels of squeeze-and-excite's inner layer: a quarter of the expanded channels, rounded.
    pub(super) fn v3_squeezed(self, expanded: usize) -> usize {
        let quarter = if self.v3_as_timm() { expanded as f64 / 4.0 } else { (expanded / 4) as f64 };
        make_divisible(quarter)
    }

    /// Channels of the last 1x1 convolution; `body` is the last block's output channels.
    pub(super) fn last(self, family: Family, last: &Last, body: usize, width: f64) -> usize {
        if family == Family::V3 && matches!(self, Self::Torchvision | Self::Keras) {
            return 6 * body;
        }
        let &Last { channels, scaling } = last;
        match scaling {
            Scaling::None => channels,
            Scaling::Larger => self.scale(family, channels, width).max(channels),
            Scaling::All => self.scale(family, channels, width),
        }
    }

    /// Channels of the layer between pooling and classifier.
    pub(super) fn head(self, family: Family, channels: usize, width: f64) -> usize {
        match (family, self) {
            (Family::V3, Self::Torchvision) => make_divisible(channels as f64 * width),
            // A width below 1 doesn't shrink it.
            (Family::V3, Self::Keras) => make_divisible(channels as f64 * width.max(1.0)),
            _ => channels,
        }
    }

    /// Whether V3's blocks follow timm's rules, as Keras's do. Transformers has no V3, so it uses them too.
    fn v3_as_timm(self) -> bool {
        self != Self::Torchvision
    }
}

#[cfg(test)]
mod tests {
    use super::make_divisible;

    #[test]
    fn make_divisible_rounds_to_eights_and_never_drops_a_tenth() {
        for (channels, expected) in [
            (0.5, 8),
            (8.0, 8),
            (11.2, 16),
            (12.0, 16),
            (11.9, 16),
            (16.8, 16),
            (20.0, 24),
            (36.0, 40),
            (88.08, 88),
        ] {
            assert_eq!(make_divisible(channels), expected, "{channels}");
        }
        for tenths in 1..20_000 {
            let channels = f64::from(tenths) / 10.0;
            let rounded = make_divisible(channels);
            assert!(
                rounded.is_multiple_of(8) && rounded as f64 >= 0.9 * channels,
                "{channels} gives {rounded}"
            );
        }
    }
}
