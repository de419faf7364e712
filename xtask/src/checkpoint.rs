//! Which network a `.safetensors` file holds, from its header alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::catalogue::Version;

/// What the header tells.
#[derive(Debug, PartialEq)]
pub struct Checkpoint {
    pub version: Version,
    /// The width multiplier.
    pub width: f64,
    /// A V3 without squeeze-and-excite.
    pub minimalistic: bool,
}

/// No MobileNet's header comes near it.
const LARGEST_HEADER: u64 = 1 << 20;

#[derive(Deserialize)]
struct Tensor {
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// Reads the header of `path` and checks that the file is as long as it says.
pub fn read(path: &Path) -> Result<Checkpoint> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut prefix = [0; 8];
    file.read_exact(&mut prefix).context("it is shorter than the length of its header")?;
    let header_length = u64::from_le_bytes(prefix);
    ensure!(
        header_length <= LARGEST_HEADER && header_length + 8 <= length,
        "its header would be {header_length} bytes long: this is no safetensors file"
    );
    let mut header = vec![0; header_length as usize];
    file.read_exact(&mut header)?;
    let tensors = parse(&header)?;
    let end = tensors.values().map(|tensor| tensor.data_offsets[1]).max().unwrap_or(0);
    let expected = end.checked_add(8 + header_length).context("its offsets overflow")?;
    ensure!(length == expected, "it has {length} bytes where its header tells of {expected}");
    recognise(&tensors)
}

fn parse(header: &[u8]) -> Result<BTreeMap<String, Tensor>> {
    let mut entries: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(header).context("its header is no JSON object")?;
    entries.remove("__metadata__");
    entries
        .into_iter()
        .map(|(name, value)| {
            let tensor =
                serde_json::from_value(value).with_context(|| format!("its tensor {name:?}"))?;
            Ok((name, tensor))
        })
        .collect()
}

/// A tensor that only one version has, under each library's names: the
/// dimension of its shape that grows with the width, and that dimension's
/// size at width 1. The first that is there decides.
const LANDMARKS: &[(&str, Version, usize, f64)] = &[
    // transformers
    ("mobilenet_v1.layer.25.convolution.weight", Version::V1, 0, 1024.0),
    ("mobilenet_v2.conv_1x1.convolution.weight", Version::V2, 1, 320.0),
    // torchvision
    ("features.18.0.weight", Version::V2, 1, 320.0),
    ("features.16.0.weight", Version::V3Large, 1, 160.0),
    ("features.12.0.weight", Version::V3Small, 1, 96.0),
    // timm
    ("blocks.6.0.conv_pwl.weight", Version::V2, 0, 320.0),
    ("blocks.6.0.conv.weight", Version::V3Large, 1, 160.0),
    ("blocks.5.0.conv.weight", Version::V3Small, 1, 96.0),
    ("blocks.4.1.conv_pw.weight", Version::V1, 0, 1024.0),
];

fn recognise(tensors: &BTreeMap<String, Tensor>) -> Result<Checkpoint> {
    for &(name, version, dimension, full) in LANDMARKS {
        let Some(tensor) = tensors.get(name) else {
            continue;
        };
        let size = tensor.shape.get(dimension).with_context(|| format!("the shape of {name}"))?;
        let width = (*size as f64 / full * 100.0).round() / 100.0;
        let has_squeeze_excite =
            tensors.keys().any(|name| name.contains(".se.") || name.contains(".fc1."));
        let minimalistic = matches!(version, Version::V3Small | Version::V3Large);
        return Ok(Checkpoint {
            version,
            width,
            minimalistic: minimalistic && !has_squeeze_excite,
        });
    }
    bail!(
        "its tensors are not those of a MobileNet V1, V2 or V3 by timm, torchvision or transformers"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(tensors: &[(&str, &[u64])]) -> Result<Checkpoint> {
        let tensors = tensors.iter().map(|(name, shape)| {
            (name.to_string(), Tensor { shape: shape.to_vec(), data_offsets: [0, 0] })
        });
        recognise(&tensors.collect())
    }

    #[test]
    fn each_library_s_names() {
        let found = |tensors| header(tensors).map(|c| (c.version, c.width, c.minimalistic)).ok();
        assert_eq!(
            found(&[("features.18.0.weight", &[1280, 320, 1, 1])]),
            Some((Version::V2, 1.0, false))
        );
        assert_eq!(
            found(&[("mobilenet_v1.layer.25.convolution.weight", &[256, 256, 1, 1])]),
            Some((Version::V1, 0.25, false))
        );
        assert_eq!(
            found(&[
                ("blocks.5.0.conv.weight", &[432, 72, 1, 1]),
                ("blocks.4.1.conv_pw.weight", &[432, 72, 1, 1]),
                ("blocks.0.0.se.conv_reduce.weight", &[8, 16, 1, 1]),
            ]),
            Some((Version::V3Small, 0.75, false))
        );
        assert_eq!(
            found(&[("blocks.6.0.conv.weight", &[960, 160, 1, 1])]),
            Some((Version::V3Large, 1.0, true))
        );
        assert_eq!(found(&[("conv1.weight", &[64, 3, 7, 7])]), None);
    }

    #[test]
    fn broken_files_are_refused() {
        let header =
            br#"{"features.18.0.weight":{"dtype":"F32","shape":[4,32],"data_offsets":[0,512]}}"#;
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header);
        file.extend([0; 512]);
        let path = std::env::temp_dir().join(format!("checkpoint-{}", std::process::id()));
        let check = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read(&path)
        };
        assert_eq!(check(&file).unwrap().width, 0.1);
        assert!(check(&file[..file.len() - 1]).is_err(), "a byte short");
        assert!(check(&file[..20]).is_err(), "cut in the header");
        assert!(check(&file[..4]).is_err(), "cut in the length");
        assert!(check(&[&u64::MAX.to_le_bytes()[..], &file[8..]].concat()).is_err(), "huge header");
        std::fs::remove_file(path).unwrap();
    }
}
