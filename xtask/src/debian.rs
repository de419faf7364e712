//! Installs packages on Debian, if this user may.

use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::process::{output, say, which};

/// Makes sure that Debian's `packages` are installed. `why` completes the sentence "needed ...". An error names the
/// packages, so that a person can install them.
pub fn ensure(packages: &[&str], why: &str) -> Result<()> {
    let missing: Vec<&str> = packages.iter().copied().filter(|name| !installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let wanted = missing.join(" ");
    if let Some(obstacle) = obstacle() {
        bail!("Debian's packages `{wanted}` are needed {why}, and {obstacle}");
    }
    say("debian", format_args!("installing {wanted}, needed {why}"));
    update()?;
    output(
        apt_get()
            .args(["install", "--yes", "--no-install-recommends"])
            // rustc-web conflicts with Debian's rustup: never remove a package that a person has installed.
            .arg("--no-remove")
            .args(&missing),
    )
    .with_context(|| format!("Debian's packages `{wanted}` are needed {why}"))?;
    Ok(())
}

/// The reason why packages can't be installed here; `None` if they can.
pub fn obstacle() -> Option<&'static str> {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let debian = release.lines().any(|line| {
        line.strip_prefix("ID=")
            .or(line.strip_prefix("ID_LIKE="))
            .is_some_and(|ids| ids.trim_matches('"').split_whitespace().any(|id| id == "debian"))
    });
    if !debian || which("apt-get").is_none() {
        return Some("this system is not Debian");
    }
    let user = output(Command::new("id").arg("-u")).unwrap_or_default();
    (user.trim() != "0").then_some("this user is not root: install them with apt-get")
}

fn installed(package: &str) -> bool {
    output(Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]))
        .is_ok_and(|status| status == "installed")
}

/// Refreshes the package lists once per run: a fresh machine has none, and an old list names files that no longer
/// exist.
fn update() -> Result<()> {
    static DONE: OnceLock<()> = OnceLock::new();
    if DONE.get().is_none() {
        output(apt_get().arg("update"))?;
        DONE.get_or_init(|| ());
    }
    Ok(())
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args([
        "--quiet=2",
        "-o",
        "Acquire::http::Timeout=30",
        "-o",
        "DPkg::Lock::Timeout=120",
    ]);
    command
}
