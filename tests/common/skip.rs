//! Tests that need files that not every machine has. Use it as
//! `#[path = "common/skip.rs"] mod skip;` below `#[cfg(not(target_arch = "wasm32"))]`.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The file or folder `path` of `../shared`. Where it is absent the caller's test cannot run: this
/// says so and gives nothing, and the test returns.
pub fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if found.exists() {
        return Some(found);
    }
    skipped(test, &format!("no ../shared/{path} beside this repository"));
    None
}

/// Says aloud that a test can't run.
pub fn skipped(test: &str, why: &str) {
    // libtest has no word for a test that can't run, and calls it passed; `cargo xtask test` counts
    // these lines as skipped. `print!` would be captured. The test's dot may stand before the line.
    let line = format!("\nSKIPPED: {test}: {why}\n");
    std::io::stdout().write_all(line.as_bytes()).expect("a standard output");
}
