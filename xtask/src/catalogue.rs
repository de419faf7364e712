//! `pkg/catalogue.json`: the known checkpoints on the Hub. The page reads it too.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use mobilenet_wasm::arch::{MAX_RESOLUTION, MIN_RESOLUTION, Version};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::project;

/// One checkpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The name of the checkpoint and of its folder.
    pub name: String,
    pub version: Version,
    /// A shorter name by which the package finds it too.
    pub short: Option<String>,
    pub width: f64,
    pub resolution: usize,
    /// `owner/name` on the Hub.
    pub repository: String,
    /// A full commit hash if one is known, else `main`.
    pub revision: String,
    pub file: String,
    /// Size of the file. If its digest isn't known, this is computed from timm's tensors as a safetensors file; for all
    /// but one of the files with a digest, that computation is right within 8 bytes.
    pub bytes: u64,
    pub sha256: Option<String>,
    /// Top-1 accuracy in percent on ImageNet's validation set, as timm lists it.
    pub top1: f64,
    pub licence: String,
    /// What matters of its `config.json`. It takes the place of the file, which has no digest.
    pub config: Map<String, Value>,
    /// Whether it is the default checkpoint of its version.
    #[serde(default)]
    pub default: bool,
}

pub fn read() -> Result<Vec<Entry>> {
    let file = project::path("pkg/catalogue.json");
    let text = fs::read_to_string(&file).with_context(|| project::shown(&file))?;
    parse(&text).with_context(|| project::shown(&file))
}

fn parse(text: &str) -> Result<Vec<Entry>> {
    let entries: Vec<Entry> = serde_json::from_str(text)?;
    for entry in &entries {
        let is_hex = |text: &str, digits| {
            text.len() == digits && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
        };
        ensure!(
            is_name(&entry.name),
            "{:?} is no name for a folder: use letters, digits, dots, dashes, underscores",
            entry.name
        );
        ensure!(
            entry.revision == "main" || is_hex(&entry.revision, 40),
            "{}: the revision is neither a full commit hash nor `main`",
            entry.name
        );
        ensure!(
            (MIN_RESOLUTION..=MAX_RESOLUTION).contains(&entry.resolution)
                && entry.resolution.is_multiple_of(32),
            "{}: the resolution is a multiple of 32 from 96 to 320",
            entry.name
        );
        let Entry { name, resolution, config, .. } = entry;
        ensure!(
            config.get("architecture") == Some(&json!(name))
                && config.get("input_size") == Some(&json!([3, resolution, resolution])),
            "{name}: its config has another architecture or input_size"
        );
        for key in config.keys() {
            let known = ["architecture", "input_size", "crop_pct", "interpolation", "mean", "std"];
            ensure!(known.contains(&&**key), "{name}: its config has `{key}`, which nobody reads");
        }
        if let Some(sha256) = &entry.sha256 {
            ensure!(is_hex(sha256, 64), "{}: sha256 has 64 hexadecimal digits", entry.name);
        }
        if entries.iter().filter(|other| other.name == entry.name).count() > 1 {
            bail!("{} occurs twice", entry.name);
        }
        if let Some(short) = &entry.short {
            let names = entries.iter().filter(|other| other.short.as_ref() == Some(short));
            ensure!(
                names.count() == 1 && Version::parse(short).is_none(),
                "{}: the short name {short} is taken",
                entry.name
            );
        }
    }
    Ok(entries)
}

/// Whether `name` is safe as a folder name and in a URL without escaping.
pub fn is_name(name: &str) -> bool {
    !name.starts_with('.')
        && !name.is_empty()
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_with_several_checkpoints_has_one_default() {
        let entries = read().unwrap();
        for version in Version::ALL {
            let of: Vec<_> = entries.iter().filter(|entry| entry.version == version).collect();
            let defaults = of.iter().filter(|entry| entry.default).count();
            assert!(defaults == 1 || defaults == 0 && of.len() <= 1, "{version:?}: {defaults}");
        }
    }

    #[test]
    fn the_catalogue_has_the_networks_at_their_published_widths() {
        let entries = read().unwrap();
        // The package has no weights for the two that are no MobileNets.
        let relatives = [Version::MnasNetB1, Version::EfficientNetLite0];
        let whole = Version::ALL.into_iter().filter(|version| !relatives.contains(version));
        let narrow = [
            (Version::V2, 0.5),
            (Version::V3Small, 0.75),
            (Version::V3Small, 0.5),
            (Version::V4ConvSmall, 0.5),
        ];
        for (version, width) in whole.map(|version| (version, 1.0)).chain(narrow) {
            let there = entries.iter().any(|e| e.version == version && e.width == width);
            assert!(there, "{version:?} {width}");
        }
    }

    #[test]
    fn bad_entries_are_refused() {
        let good = fs::read_to_string(project::path("pkg/catalogue.json")).unwrap();
        let first = &read().unwrap()[0];
        for (what, old, new) in [
            ("name", format!("\"name\": \"{}\"", first.name), "\"name\": \"../x\"".to_owned()),
            ("revision", first.revision.clone(), first.revision[..7].to_owned()),
            ("sha256", first.sha256.clone().unwrap(), "abc".to_owned()),
            ("resolution", "\"resolution\": 224".to_owned(), "\"resolution\": 225".to_owned()),
            ("version", "\"v1\"".to_owned(), "\"v5\"".to_owned()),
            ("config", "\"crop_pct\"".to_owned(), "\"crop_part\"".to_owned()),
            ("input_size", "[3, 224, 224]".to_owned(), "[3, 192, 192]".to_owned()),
            ("architecture", "\"architecture\"".to_owned(), "\"model\"".to_owned()),
            ("unknown", "\"bytes\"".to_owned(), "\"size\"".to_owned()),
            ("short", "\"v4-medium\"".to_owned(), "\"v4-small\"".to_owned()),
            ("short", "\"v4-medium\"".to_owned(), "\"v1\"".to_owned()),
        ] {
            assert!(good.contains(&old), "{what}");
            assert!(parse(&good.replacen(&old, &new, 1)).is_err(), "{what}");
        }
        assert!(parse(&good).is_ok());
    }
}
