//! Paths in the checkout.

use std::path::{Path, PathBuf};

/// The checkout's root folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies one level below the root")
}

/// A path below the root.
pub fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

/// `path` relative to the root folder, for messages.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::process::output;

    /// What `cargo package` takes: nothing of other folders, such as their READMEs.
    #[test]
    fn the_crates_package_has_the_crate_alone() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root()).args(["package", "--list", "--allow-dirty", "--offline"]);
        let files = output(cargo.args(["--package", "mobilenet-wasm"])).unwrap();
        assert!(files.lines().any(|file| file == "src/lib.rs"));
        for file in files.lines().filter(|file| file.contains('/')) {
            let own = ["src/", "examples/", "pkg/labels.json"];
            assert!(own.iter().any(|own| file.starts_with(own)), "{file}");
        }
        // The example's, which `cargo package` doesn't compile.
        assert!(files.lines().any(|file| file == "pkg/labels.json"));
    }
}
