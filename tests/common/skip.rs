//! For tests that need files that not every machine has. Use it as
//! `#[path = "common/skip.rs"] mod skip;` below `#[cfg(not(target_arch = "wasm32"))]`.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The file or folder `path` of `../shared`. If it is missing, reports the test as skipped and returns `None`; the test
/// then returns.
pub fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if found.exists() {
        return Some(found);
    }
    skipped(test, &format!("no ../shared/{path} beside this repository"));
    None
}

/// Reports a test as skipped.
pub fn skipped(test: &str, why: &str) {
    // libtest has no result for a test that can't run, and reports it as passed; `cargo xtask test` counts these lines
    // as skipped. `print!` would be captured. The line starts with a newline, since libtest may have printed a dot
    // before.
    let line = format!("\nSKIPPED: {test}: {why}\n");
    std::io::stdout().write_all(line.as_bytes()).expect("a standard output");
}
