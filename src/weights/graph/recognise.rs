//! Recognises the papers' networks in a graph.

use crate::arch::{Config, Network, Rounding, Version};
use crate::error::Error;
use crate::weights::widths;

/// The rounding rules to try.
const ROUNDINGS: [Rounding; 4] =
    [Rounding::Timm, Rounding::Transformers, Rounding::Torchvision, Rounding::Keras];

/// If one of the papers' networks has the same layers, sets `network`'s version, width and stages.
pub(super) fn recognise(mut network: Network) -> Result<Network, Error> {
    for version in Version::ALL {
        for minimalistic in [false, true] {
            let base = Config { minimalistic, ..Config::new(version) };
            // Only V3 has a minimalistic form.
            let Ok(of_width_1) = Network::new(&base) else { continue };
            if !same_filters(&network, &of_width_1) {
                continue;
            }
            for width in widths() {
                for rounding in ROUNDINGS {
                    let config = Config { width, rounding, ..base };
                    let candidate = Network::new(&Config { classes: network.classes(), ..config })?;
                    if same_layers(&network, &candidate) {
                        let Network { version, stages, .. } = candidate;
                        network = Network { version, minimalistic, width, stages, ..network };
                        return Ok(network);
                    }
                }
            }
        }
    }
    Ok(network)
}

/// Whether the depthwise and full convolutions are the same, except for their channels.
fn same_filters(a: &Network, b: &Network) -> bool {
    let filters = |network: &Network| {
        let sites = network.sites().filter(|(_, conv)| conv.kernel > 1);
        sites.map(|(_, conv)| (conv.kind, conv.kernel, conv.stride)).collect::<Vec<_>>()
    };
    a.blocks.len() == b.blocks.len() && filters(a) == filters(b)
}

/// Whether all layers have the same kinds, filters and channels. Activations and batch normalisation may differ.
fn same_layers(a: &Network, b: &Network) -> bool {
    let layers = a.sites().map(Some).chain([None]).zip(b.sites().map(Some).chain([None]));
    let mut same =
        a.blocks.iter().map(|block| block.residual).eq(b.blocks.iter().map(|block| block.residual));
    for (a, b) in layers {
        same &= match (a, b) {
            (Some((a_site, a)), Some((b_site, b))) => {
                a_site == b_site
                    && (a.kind, a.kernel, a.stride) == (b.kind, b.kernel, b.stride)
                    && (a.in_channels, a.out_channels) == (b.in_channels, b.out_channels)
            }
            (None, None) => true,
            _ => false,
        };
    }
    same
}
