//! This crate's own files: `.safetensors` with batch normalisation folded in and everything else that a network needs
//! in `__metadata__`, so that no other file is needed beside it.
//!
//! Each layer has the tensors `<site>.weight` and `<site>.bias`; `<site>` is what [`Site`](crate::arch::Site) displays,
//! such as `block 3 expand`. Weights of convolutions are `[out][in][ky][kx]`, those of depthwise ones
//! `[channel][1][ky][kx]`, and those of dense layers `[out][in]`. A weight has floats, or signed bytes together with the
//! tensor `<site>.scale`, which has the factor of each output channel.
//!
//! The fields of `__metadata__` are strings, as the format demands:
//!
//! | field | value |
//! | --- | --- |
//! | `mobilenet-wasm` | `1`, the version of this format |
//! | `version` | the network's name, such as `v3-small`; missing if it has none |
//! | `minimalistic`, `background` | `true` or `false` |
//! | `width` | the width multiplier |
//! | `resolution` | height and width of the input in pixels |
//! | `padding` | `symmetric` or `same` |
//! | `stages` | the number of blocks in each stage, separated by spaces |
//! | `layers` | for each layer `<site>: <kernel> <stride> <in> <out> <activation>`, followed by ` norm` if batch normalisation was folded into it, separated by `; ` |
//! | `residuals` | the blocks whose input is added to their output, separated by spaces |
//! | `resize` | the short side in pixels before the crop of `resolution` |
//! | `crop-start` | `even` or `first` |
//! | `interpolation` | `bilinear` or `bicubic` |
//! | `mean`, `std` | a JSON list of three numbers each |
//! | `origin` | the library that the weights come from, such as `timm` |
//! | `labels` | a JSON list of the class names without the background; missing if there are none |
//! | `warnings` | a JSON list of messages about settings that were guessed; missing if there are none |

mod metadata;
mod write;

pub(super) use metadata::Metadata;
pub use write::Storage;
