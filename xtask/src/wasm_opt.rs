//! Binaryen's optimiser, from the npm package `binaryen`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::{run, say};
use crate::{node, project};

const VERSION: &str = "132.0.0";

/// Shrinks the module in place.
pub fn shrink(module: &Path) -> Result<()> {
    let dir = project::path("target/tools").join(format!("binaryen-{VERSION}"));
    let program = dir.join("node_modules/binaryen/bin/wasm-opt");
    if !program.is_file() {
        say("wasm-opt", format_args!("installing the npm package binaryen {VERSION}"));
        node::install_package(&dir, &format!("binaryen@{VERSION}"))?;
    }
    run(Command::new(node::node()?)
        .arg(program)
        // Optimises for size: passes for speed would reorder the kernels' instructions.
        .arg("-Os")
        .args([
            "--enable-simd",
            "--enable-relaxed-simd",
            "--enable-threads",
            "--enable-bulk-memory",
            "--enable-nontrapping-float-to-int",
            "--enable-sign-ext",
            "--enable-mutable-globals",
            "--enable-reference-types",
            "--enable-multivalue",
        ])
        .arg(module)
        .arg("-o")
        .arg(module))
}
