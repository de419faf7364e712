//! wasm-pack and its test runner, built by cargo into `target/tools`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::process::{run, say, seconds};
use crate::{project, wasm};

const WASM_PACK_VERSION: &str = "0.15.1";

pub struct WasmPack {
    pub program: PathBuf,
    /// The folder that wasm-pack uses as its cache, with the test runner in it.
    pub cache: PathBuf,
}

/// Installs wasm-pack, and the `wasm-bindgen-test-runner` of the crate's version of wasm-bindgen.
pub fn wasm_pack() -> Result<WasmPack> {
    let bindgen = wasm::bindgen_version()?;
    let program = install("wasm-pack", WASM_PACK_VERSION, "wasm-pack", &[])?;
    let runner = install(
        "wasm-bindgen-cli",
        &bindgen,
        "wasm-bindgen-test-runner",
        // Leaves out TLS, which is only for WebDrivers on other machines and takes most of the compile time.
        &["--no-default-features"],
    )?;
    let cache = project::path("target/tools/wasm-pack-cache");
    // The same layout as for a runner that wasm-pack has installed itself.
    let dir = cache.join(format!("wasm-bindgen-cargo-install-{bindgen}"));
    if !dir.exists() {
        fs::create_dir_all(&cache)?;
        let bin = runner.parent().context("the runner lies in a folder")?;
        std::os::unix::fs::symlink(bin, &dir)?;
    }
    Ok(WasmPack { program, cache })
}

/// Installs one program of a package in exactly this version; returns its path.
fn install(package: &str, version: &str, program: &str, arguments: &[&str]) -> Result<PathBuf> {
    let root = project::path("target/tools").join(format!("{package}-{version}"));
    let file = root.join("bin").join(program);
    if file.is_file() {
        return Ok(file);
    }
    let start = Instant::now();
    say("tools", format_args!("building {program} {version} for the tests in a browser"));
    run(cargo_install(&root)
        .args(["--version", &format!("={version}"), "--bin", program])
        .args(arguments)
        .arg(package))
    .with_context(|| format!("cannot install {package} {version}"))?;
    say("tools", format_args!("{program} built in {}", seconds(start)));
    Ok(file)
}

fn cargo_install(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["install", "--quiet", "--root"])
        .arg(root)
        // A common folder, since both packages share many dependencies.
        .arg("--target-dir")
        .arg(project::path("target/tools/build"))
        // The tools run for seconds, so minutes for an optimised build would not pay off.
        .arg("--debug")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        .env("CARGO_INCREMENTAL", "0");
    cargo
}
