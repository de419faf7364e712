//! A private sysroot for WebAssembly: a standard library built from its
//! sources, and `rustc` and `rustdoc` wrappers that use it.
//!
//! `-Z build-std` alone would be enough for `cargo build`, but it would build the standard library again for each
//! target folder, and wasm-pack requires a sysroot that has the target.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::process::{run, say, seconds};
use crate::project;
use crate::toolchain::{Compiler, Std, TARGET};

/// The sysroot of `compiler` with `std`, if it is built and up to date.
pub fn ready(compiler: &Compiler, std: Std) -> Option<PathBuf> {
    let dir = location(std);
    let stamp = fs::read_to_string(dir.join("built-from")).ok()?;
    (stamp == fingerprint(compiler, std)).then_some(dir)
}

/// The sysroot of `compiler` with `std`. Builds it if necessary.
pub fn ensure(compiler: &Compiler, std: Std) -> Result<PathBuf> {
    if let Some(dir) = ready(compiler, std) {
        return Ok(dir);
    }
    let start = Instant::now();
    let flavour = name(std);
    say("sysroot", format_args!("building the {flavour} standard library for WebAssembly, once"));
    let libraries = build_std(compiler, std)?;
    let dir = location(std);
    // Crates compiled against an older standard library don't link with a new one, and cargo doesn't notice the change.
    for stale in [&dir, &dependents(std)] {
        if stale.exists() {
            fs::remove_dir_all(stale)?;
        }
    }
    assemble(compiler, &libraries, &dir)
        .with_context(|| format!("cannot lay out {}", project::shown(&dir)))?;
    // Written last: its presence means that everything else is complete.
    fs::write(dir.join("built-from"), fingerprint(compiler, std))?;
    say("sysroot", format_args!("ready in {}", seconds(start)));
    Ok(dir)
}

fn name(std: Std) -> &'static str {
    match std {
        Std::Plain => "plain",
        Std::Atomics => "atomics",
    }
}

fn location(std: Std) -> PathBuf {
    project::path("target/wasm-sysroot").join(name(std))
}

/// The folder for crates that are compiled against `std`.
pub fn dependents(std: Std) -> PathBuf {
    project::path("target/wasm").join(name(std))
}

fn flags(std: Std) -> &'static str {
    match std {
        Std::Plain => "",
        Std::Atomics => "-Ctarget-feature=+atomics",
    }
}

/// Everything that the sysroot depends on. This includes the folder, whose path is in the wrappers.
fn fingerprint(compiler: &Compiler, std: Std) -> String {
    let (rustc, folder) = (compiler.rustc.display(), location(std));
    format!("{rustc}\n{}\n{}\n{}\n", compiler.version, flags(std), folder.display())
}

/// Builds the standard library and returns the folder of its libraries.
fn build_std(compiler: &Compiler, std: Std) -> Result<PathBuf> {
    // Cargo builds a standard library only as the dependency of a crate.
    let dir = project::path("target/wasm-sysroot/build").join(name(std));
    fs::create_dir_all(dir.join("src"))?;
    fs::write(
        dir.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    fs::write(dir.join("src/lib.rs"), "")?;
    run(Command::new(&compiler.cargo)
        .current_dir(&dir)
        .args(["build", "--quiet", "--release", "--target", TARGET])
        // `test` is for the crate's tests; `panic_abort` is needed since WebAssembly doesn't unwind.
        .args(["-Z", "build-std=std,panic_abort,test"])
        .arg("--target-dir")
        .arg(dir.join("target"))
        .env("RUSTC", &compiler.rustc)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(std))
        .env_remove("LD_LIBRARY_PATH"))
    .context("cannot build the standard library from its sources")?;
    Ok(dir.join("target").join(TARGET).join("release/deps"))
}

/// Assembles the sysroot: the new libraries, links to the compiler's own libraries for the host (for build scripts and
/// macros), and the wrappers.
fn assemble(compiler: &Compiler, libraries: &Path, dir: &Path) -> Result<()> {
    let rustlib = dir.join("lib/rustlib");
    let lib = rustlib.join(TARGET).join("lib");
    fs::create_dir_all(&lib)?;
    let mut copied = 0;
    for entry in fs::read_dir(libraries)? {
        let entry = entry?;
        let file = entry.file_name();
        let text = file.to_string_lossy();
        let library = text.ends_with(".rlib") || text.ends_with(".rmeta");
        if library && !text.starts_with("libempty-") {
            fs::copy(entry.path(), lib.join(&file))?;
            copied += 1;
        }
    }
    if copied == 0 {
        bail!("the build left no libraries in {}", project::shown(libraries));
    }
    let original = compiler.sysroot.join("lib/rustlib");
    for part in [compiler.host()?, "src", "etc"] {
        if original.join(part).exists() {
            std::os::unix::fs::symlink(original.join(part), rustlib.join(part))?;
        }
    }
    let bin = dir.join("bin");
    fs::create_dir_all(&bin)?;
    let programs = program_folder(compiler)?;
    for tool in ["cargo", "cargo-clippy"] {
        if programs.join(tool).exists() {
            std::os::unix::fs::symlink(programs.join(tool), bin.join(tool))?;
        }
    }
    for tool in ["rustc", "rustdoc"] {
        write_wrapper(&bin.join(tool), &programs.join(tool), dir)?;
    }
    Ok(())
}

/// The folder of the compiler's own programs, not of rustup's proxies, which could choose another compiler.
fn program_folder(compiler: &Compiler) -> Result<PathBuf> {
    let bin = compiler.sysroot.join("bin");
    if !bin.join("rustc").is_file() {
        bail!("{} has no rustc", bin.display());
    }
    Ok(bin)
}

fn write_wrapper(wrapper: &Path, tool: &Path, sysroot: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    let script = format!("#!/bin/sh\nexec {} --sysroot {} \"$@\"\n", quoted(tool), quoted(sysroot));
    fs::write(wrapper, script)?;
    fs::set_permissions(wrapper, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
