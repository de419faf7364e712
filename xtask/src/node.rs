//! Node, npm, and the build of the page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::process::{output, run, say, seconds, which};
use crate::{debian, models, project, sha256};

/// The oldest Node that the page's tools run on.
const OLDEST: u32 = 20;

/// Finds a Node that is new enough, or installs Debian's.
pub fn node() -> Result<PathBuf> {
    let advice = format!("install Node {OLDEST} or newer, with npm, and put it on PATH");
    if which("node").is_none() || which("npm").is_none() {
        debian::ensure(&["nodejs", "npm"], "to build the page").context(advice.clone())?;
    }
    let node = which("node").with_context(|| advice.clone())?;
    let version = output(Command::new(&node).arg("--version"))?;
    if major(&version).is_none_or(|major| major < OLDEST) {
        bail!("{} is version {}: {advice}", node.display(), version.trim());
    }
    Ok(node)
}

/// The major version: 20 of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The page's folder.
fn page() -> PathBuf {
    project::path("www")
}

/// npm in the page's folder.
pub fn npm() -> Result<Command> {
    node()?;
    let mut command = Command::new("npm");
    command.current_dir(page());
    Ok(command)
}

/// Installs the one package `spec` into `dir`.
pub fn install_package(dir: &Path, spec: &str) -> Result<()> {
    node()?;
    fs::create_dir_all(dir)?;
    run(Command::new("npm")
        .current_dir(dir)
        .args(["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"])
        .arg("--prefix")
        .arg(dir)
        .arg(spec))
}

/// Installs the packages of the page's lock file, if it has changed.
pub fn install_dependencies() -> Result<()> {
    install_locked(&page())
}

/// Installs the packages of the lock file in `dir`, if it has changed.
pub fn install_locked(dir: &Path) -> Result<()> {
    let lock = dir.join("package-lock.json");
    let stamp = sha256::of_file(&lock)?;
    let stamp_file = dir.join("node_modules/.installed-from");
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    say("npm", format_args!("installing what {} names", project::shown(&lock)));
    run(npm()?.current_dir(dir).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    fs::write(stamp_file, stamp)?;
    Ok(())
}

/// Makes the package's workers of the builds that are there, and its entry in one file.
pub fn bundle_package() -> Result<()> {
    install_dependencies()?;
    run(npm()?.args(["run", "--silent", "bundle-package"]))
}

/// Builds the page into `www/dist`.
pub fn build_page() -> Result<()> {
    install_dependencies()?;
    // The page works without: it waits for a picture of the visitor's.
    if let Err(error) = models::pictures() {
        say("page", format_args!("NOTE: going on without sample pictures: {error:#}"));
    }
    let start = Instant::now();
    run(npm()?.args(["run", "--silent", "build", "--", "--logLevel", "warn"]))?;
    say("page", format_args!("built in {}", seconds(start)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn node_versions() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20.20.2"), None);
        assert_eq!(major("v"), None);
    }
}
