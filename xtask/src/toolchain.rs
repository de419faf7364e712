//! Finds or installs a Rust toolchain that builds for WebAssembly, with rustup if possible, else from Debian's
//! packages.
//!
//! Two standard libraries are needed. The plain one comes prebuilt from rustup. The one with atomics, for the builds
//! with threads, is not distributed and is built from its sources (`sysroot.rs`). So is the plain one on a machine that
//! can't reach rustup's servers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{is_executable, output, path_with, run_for, say, which};
use crate::{debian, sysroot};

pub const TARGET: &str = "wasm32-unknown-unknown";

/// Time limits of rustup, which downloads about 20 MB: if Debian's packages are an alternative, and if not.
const RUSTUP_LIMITS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(900)];

/// The standard library that a build links.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Std {
    /// The one that rustup ships.
    Plain,
    /// Compiled with `+atomics`, which shared memory requires for every object file.
    Atomics,
}

/// A compiler with its cargo and its own sysroot.
pub struct Compiler {
    pub rustc: PathBuf,
    pub cargo: PathBuf,
    pub sysroot: PathBuf,
    /// `rustc -vV`: version, commit and host.
    pub version: String,
}

impl Compiler {
    fn new(rustc: PathBuf, cargo: PathBuf) -> Result<Self> {
        let version = output(Command::new(&rustc).arg("-vV"))?;
        let sysroot = output(Command::new(&rustc).args(["--print", "sysroot"]))?;
        Ok(Self { rustc, cargo, sysroot: sysroot.trim().into(), version })
    }

    /// The compiler of the cargo that runs this tool. Cargo and rustup set both variables.
    fn active() -> Result<Self> {
        let program = |variable, name: &str| {
            std::env::var_os(variable).map_or_else(|| PathBuf::from(name), PathBuf::from)
        };
        Self::new(program("RUSTC", "rustc"), program("CARGO", "cargo"))
            .context("the Rust compiler does not run")
    }

    pub fn host(&self) -> Result<&str> {
        let host = self.version.lines().find_map(|line| line.strip_prefix("host: "));
        host.context("`rustc -vV` names no host")
    }

    /// Debian's compiler for web browsers, which is newer than its normal one.
    fn debian() -> Result<Self> {
        Self::new("/usr/bin/rustc".into(), "/usr/bin/cargo".into())
    }

    fn has_wasm_std(&self) -> bool {
        let lib = self.sysroot.join("lib/rustlib").join(TARGET).join("lib");
        std::fs::read_dir(lib).is_ok_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
            })
        })
    }

    /// Whether the sources of the standard library are installed.
    fn has_sources(&self) -> bool {
        self.sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file()
    }
}

/// A toolchain that builds for WebAssembly with one of the two standard libraries.
pub struct Toolchain {
    cargo: PathBuf,
    /// A folder whose `rustc` and `rustdoc` use the private sysroot, if there is one.
    wrappers: Option<PathBuf>,
}

impl Toolchain {
    fn private(compiler: &Compiler, sysroot: &Path) -> Self {
        Self { cargo: compiler.cargo.clone(), wrappers: Some(sysroot.join("bin")) }
    }

    pub fn cargo(&self) -> Command {
        let mut command = Command::new(&self.cargo);
        self.prepare(&mut command);
        command
    }

    /// Makes `command` and its child processes use this toolchain.
    pub fn prepare(&self, command: &mut Command) {
        let Some(bin) = &self.wrappers else { return };
        command
            .env("PATH", path_with(bin))
            .env("RUSTC", bin.join("rustc"))
            .env("RUSTDOC", bin.join("rustdoc"))
            // Clippy takes the sysroot from this variable, not from the compiler.
            .env("SYSROOT", bin.parent().unwrap_or(bin))
            // Cargo has set it to the libraries of its own compiler.
            .env_remove("LD_LIBRARY_PATH")
            .env_remove("RUSTUP_TOOLCHAIN");
    }

    /// Whether this compiler's own Clippy is installed.
    pub fn has_clippy(&self) -> bool {
        match &self.wrappers {
            Some(bin) => is_executable(&bin.join("cargo-clippy")),
            None => which("cargo-clippy").is_some(),
        }
    }
}

/// Finds or installs a toolchain that links `std`, and prints what it did.
pub fn ensure(std: Std) -> Result<Toolchain> {
    let active = Compiler::active()?;
    if std == Std::Plain && active.has_wasm_std() {
        return Ok(Toolchain { cargo: active.cargo, wrappers: None });
    }
    if std == Std::Atomics && active.has_sources() {
        let sysroot = sysroot::ensure(&active, std)?;
        return Ok(Toolchain::private(&active, &sysroot));
    }
    if let Ok(compiler) = Compiler::debian()
        && let Some(sysroot) = sysroot::ready(&compiler, std)
    {
        return Ok(Toolchain::private(&compiler, &sysroot));
    }
    let rustup = match std {
        Std::Plain => {
            from_rustup(&["target", "add", TARGET], "the standard library for WebAssembly")
        }
        Std::Atomics => {
            from_rustup(&["component", "add", "rust-src"], "the standard library's sources")
        }
    };
    let Err(no_rustup) = rustup else {
        return match std {
            Std::Plain if active.has_wasm_std() => {
                Ok(Toolchain { cargo: active.cargo, wrappers: None })
            }
            Std::Atomics if active.has_sources() => {
                let sysroot = sysroot::ensure(&active, std)?;
                Ok(Toolchain::private(&active, &sysroot))
            }
            Std::Plain | Std::Atomics => {
                bail!("rustup reports success, but {} lacks it", active.sysroot.display())
            }
        };
    };
    say("toolchain", format_args!("{no_rustup:#}; turning to Debian's packages"));
    let compiler = from_debian().with_context(|| {
        format!(
            "no way to build for WebAssembly: install the target with `rustup target add {TARGET}` \
             (and `rustup component add rust-src` for the builds with threads), \
             or use Debian with root rights"
        )
    })?;
    let sysroot = sysroot::ensure(&compiler, std)?;
    Ok(Toolchain::private(&compiler, &sysroot))
}

/// `cargo miri`, which only the nightly compiler has. rustup installs it if it is missing.
pub fn miri() -> Result<Command> {
    const PARTS: [&str; 2] = ["miri", "rust-src"];
    let cargo_miri = || {
        let mut cargo = Command::new("rustup");
        cargo.args(["run", "nightly", "cargo", "miri"]);
        // Cargo has set these for its own compiler.
        for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
            cargo.env_remove(variable);
        }
        cargo
    };
    if which("rustup").is_none() {
        bail!("no rustup here");
    }
    if output(Command::new("rustup").args(["run", "nightly", "rustc", "--version"])).is_err() {
        let install = ["toolchain", "install", "nightly", "--profile=minimal"];
        let arguments =
            [&install[..], &["--component"], &[PARTS[0]], &["--component"], &[PARTS[1]]];
        from_rustup(&arguments.concat(), "a nightly compiler with Miri")?;
    } else if output(cargo_miri().arg("--version")).is_err() {
        from_rustup(&["component", "add", "--toolchain=nightly", PARTS[0], PARTS[1]], "Miri")?;
    }
    Ok(cargo_miri())
}

fn from_rustup(arguments: &[&str], what: &str) -> Result<()> {
    if which("rustup").is_none() {
        bail!("no rustup here");
    }
    say("toolchain", format_args!("asking rustup for {what}"));
    let limit = RUSTUP_LIMITS[usize::from(debian::obstacle().is_some())];
    // One retry instead of three, since without a network each retry waits for its timeout.
    let mut rustup = Command::new("rustup");
    run_for(rustup.args(arguments).env("RUSTUP_MAX_RETRIES", "1"), limit)
}

/// Debian's compiler for web browsers, with the sources of its standard library.
fn from_debian() -> Result<Compiler> {
    const WHY: &str = "to build for WebAssembly";
    debian::ensure(
        &["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "libstd-rust-web-dev"],
        WHY,
    )?;
    // The linker: the symbolic link `rust-lld` names the package of this compiler's LLVM version.
    let link = std::fs::read_link("/usr/bin/rust-lld")
        .context("Debian's rust-web-llvm has no /usr/bin/rust-lld")?;
    let linker = link.file_name().context("/usr/bin/rust-lld links to nothing")?.to_string_lossy();
    debian::ensure(&[&linker], WHY)?;
    // Clippy is not needed to build. If it is missing, the check that needs it reports that.
    if let Err(error) = debian::ensure(&["rust-web-clippy"], "to check the WebAssembly code") {
        say("toolchain", format_args!("going on without Clippy for WebAssembly: {error:#}"));
    }
    let compiler = Compiler::debian()?;
    let minimum = env!("CARGO_PKG_RUST_VERSION");
    if version(&compiler.version) < version(minimum) {
        bail!(
            "this Debian's rustc-web is {}, and the crate needs {minimum}: \
             enable Debian's security updates",
            compiler.version.lines().next().unwrap_or_default()
        );
    }
    say("toolchain", compiler.version.lines().next().unwrap_or_default());
    Ok(compiler)
}

/// The first two numbers in a text such as `rustc 1.96.0 (…)` or `1.95`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(version("rustc 1.96.0 (ac68faa20 2026-05-25)"), Some((1, 96)));
        assert!(version("rustc 1.100.1") > version("1.95"));
        assert!(version("rustc 1.85.0") < version("1.95"));
        assert_eq!(version("none"), None);
    }
}
