//! The runner of the tests in a browser, built by cargo into `target/tools`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::process::{run, say, seconds};
use crate::{project, wasm};

/// The `wasm-bindgen-test-runner` of the crate's version of wasm-bindgen, through which cargo runs each test program. Installs
/// it if necessary.
pub fn test_runner() -> Result<PathBuf> {
    let version = wasm::bindgen_version()?;
    let tools = project::path("target/tools");
    let root = tools.join(format!("wasm-bindgen-cli-{version}"));
    let program = root.join("bin/wasm-bindgen-test-runner");
    if program.is_file() {
        return Ok(program);
    }
    let start = Instant::now();
    say("tools", format_args!("building the test runner of wasm-bindgen {version}"));
    run(Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["install", "--quiet", "wasm-bindgen-cli", "--bin", "wasm-bindgen-test-runner"])
        .args(["--version", &format!("={version}")])
        // Leaves out TLS, which is only for WebDrivers on other machines and takes most of the compile time.
        .arg("--no-default-features")
        .arg("--root")
        .arg(&root)
        .arg("--target-dir")
        .arg(tools.join("build"))
        // It runs for seconds, so minutes for an optimised build would not pay off.
        .arg("--debug")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        .env("CARGO_INCREMENTAL", "0"))
    .context("cannot install the runner of the tests in a browser")?;
    say("tools", format_args!("it was built in {}", seconds(start)));
    Ok(program)
}
