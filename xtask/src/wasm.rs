//! The WebAssembly builds: their list, and how each is built.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::process::{run, say, seconds};
use crate::toolchain::{self, Std, TARGET, Toolchain};
use crate::{architectures, node, opcodes, project, sha256, sysroot, wasm_opt};

/// One WebAssembly build of the crate.
#[derive(PartialEq, Eq)]
pub struct Variant {
    /// Its name in the package, and its folder below `pkg/wasm`.
    pub name: &'static str,
    /// Target features beyond the compiler's defaults.
    target_features: &'static str,
    /// The crate's features; its default ones are left out.
    pub features: &'static str,
    /// Whether it has shared memory, which needs other linker flags and another standard library.
    pub threads: bool,
}

/// The build that reads the files that the engine's don't. It has no kernels, so it is made small, and for any browser.
const CONVERT: Variant =
    Variant { name: "convert", target_features: "", features: "convert", threads: false };

/// The builds that the package ships. `pkg/page.js` has the same list.
pub const VARIANTS: &[&Variant] = &[
    &Variant { name: "simd", target_features: "+simd128", features: "wasm", threads: false },
    &Variant {
        name: "relaxed",
        target_features: "+simd128,+relaxed-simd",
        features: "wasm",
        threads: false,
    },
    &Variant {
        name: "simd-threads",
        target_features: "+simd128,+atomics",
        features: "wasm,threads",
        threads: true,
    },
    &Variant {
        name: "relaxed-threads",
        target_features: "+simd128,+relaxed-simd,+atomics",
        features: "wasm,threads",
        threads: true,
    },
    &CONVERT,
];

/// The builds of the engine.
pub fn engines() -> impl Iterator<Item = &'static Variant> {
    VARIANTS.iter().copied().filter(|variant| **variant != CONVERT)
}

/// Keeps the instructions in the order of the kernels' source. LLVM's own order moves each multiply-add next to its
/// consumer, which makes V8 spill the sums: with it the four networks took 1.4 to 1.9 times as long (V8 14.6 on x86-64,
/// one thread, minimum of 60 runs).
const SOURCE_ORDER: &str = "-Cllvm-args=-pre-RA-sched=source";

/// Inlines less than LLVM's default, which is 225 at this optimisation level. The kernels have their own inlining
/// attributes. For the rest, 50 saves 8 % of the gzipped binary and 5 another 1 %, and neither networks nor preprocessing
/// take longer with 5 than with 50 (0.98 to 1.02; Xeon with AVX-512, V8 14.6, minimum of 90 to 160 runs in turns).
const INLINE_LESS: &str = "-Cllvm-args=-inline-threshold=5";

/// Function names that distinguish the instances of a generic function, for `spills.rs`. The package's binaries have no
/// names.
const FULL_NAMES: &str = "-Csymbol-mangling-version=v0";

/// Linker flags for a memory that several workers share: an imported memory with an upper limit, and the thread-local
/// storage that wasm-bindgen sets up for each worker. Since Rust 1.92 the compiler doesn't pass them itself.
const SHARED_MEMORY: &[&str] = &[
    "-Clink-arg=--shared-memory",
    "-Clink-arg=--import-memory",
    "-Clink-arg=--max-memory=1073741824",
    "-Clink-arg=--export=__wasm_init_tls",
    "-Clink-arg=--export=__tls_size",
    "-Clink-arg=--export=__tls_align",
    "-Clink-arg=--export=__tls_base",
    "-Clink-arg=--export=__heap_base",
];

/// Options of a build.
#[derive(Clone, Copy, Default)]
pub struct Options {
    /// Whether to shrink the binary with Binaryen. Off by default, since it may undo the kernels' order of
    /// instructions.
    pub wasm_opt: bool,
}

/// The variant of this name.
pub fn variant(name: &str) -> Result<&'static Variant> {
    let known = || VARIANTS.iter().map(|variant| variant.name).collect::<Vec<_>>().join(", ");
    VARIANTS
        .iter()
        .copied()
        .find(|variant| variant.name == name)
        .with_context(|| format!("no variant {name:?}; there are {}", known()))
}

impl Variant {
    fn std(&self) -> Std {
        if self.threads { Std::Atomics } else { Std::Plain }
    }

    pub fn toolchain(&self) -> Result<Toolchain> {
        toolchain::ensure(self.std())
    }

    /// Cargo's arguments for the crate's features.
    pub fn feature_arguments(&self) -> [&'static str; 3] {
        ["--no-default-features", "--features", self.features]
    }

    /// Cargo's arguments for the crate's optimisation.
    fn profile_arguments(&self) -> &'static [&'static str] {
        const SMALL: &str = "profile.release.package.mobilenet-wasm.opt-level='z'";
        if *self == CONVERT { &["--config", SMALL] } else { &[] }
    }

    fn rustflags(&self) -> String {
        let features = format!("-Ctarget-feature={}", self.target_features);
        let mut flags = vec![FULL_NAMES];
        // Where the code is made small LLVM inlines less by itself.
        if *self != CONVERT {
            flags.extend([features.as_str(), SOURCE_ORDER, INLINE_LESS]);
        }
        if self.threads {
            flags.extend(SHARED_MEMORY);
        }
        // The separator of CARGO_ENCODED_RUSTFLAGS.
        flags.join("\x1f")
    }

    /// The target folder, one for each variant. In a common one, cargo would link again whenever the variant changes.
    fn target_dir(&self) -> PathBuf {
        sysroot::dependents(self.std()).join(self.name)
    }

    /// Makes cargo, and programs that run it, compile this variant.
    pub fn prepare(&self, command: &mut Command) {
        command
            .env("CARGO_ENCODED_RUSTFLAGS", self.rustflags())
            .env("CARGO_TARGET_DIR", self.target_dir());
        if self.threads {
            // Threads need a few unstable features; this allows them on stable Rust.
            command.env("RUSTC_BOOTSTRAP", "1");
        }
    }
}

/// Builds `variants` into `pkg/wasm/<name>`, and beside them what the package is made of besides.
pub fn build(variants: &[&'static Variant], options: Options) -> Result<()> {
    check_bindgen_version()?;
    architectures::write()?;
    for variant in variants {
        // Installs what is missing, which two builds can't do at once.
        variant.toolchain()?;
    }
    // Two at a time, since link-time optimisation uses one core for most of a build.
    let left = Mutex::new(variants.iter());
    let next = || left.lock().expect("no build panics").next();
    let make_all = || {
        while let Some(variant) = next() {
            if let Err(error) = make(variant, options) {
                // No other is begun.
                while next().is_some() {}
                return Err(error);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let builds = [(); 2].map(|()| scope.spawn(make_all));
        builds.into_iter().try_for_each(|build| build.join().expect("no build panics"))
    })?;
    node::bundle_package()
}

/// Makes one variant and prints its size.
fn make(variant: &Variant, options: Options) -> Result<()> {
    let start = Instant::now();
    say("wasm", format_args!("building {}", variant.name));
    let module = compile(variant)?;
    if !variant.target_features.contains("relaxed-simd") {
        opcodes::without_relaxed_simd(&fs::read(&module)?)
            .with_context(|| format!("the {} build can't be shipped", variant.name))?;
    }
    let dir = project::path("pkg/wasm").join(variant.name);
    let changed = bind(&module, &dir, options)
        .with_context(|| format!("cannot make the {} build", variant.name))?;
    let size = sizes(&dir.join("mobilenet_wasm_bg.wasm"))?;
    let state = if changed { "built in" } else { "unchanged, checked in" };
    say("wasm", format_args!("{} {state} {}: {size}", variant.name, seconds(start)));
    Ok(())
}

/// Compiles the crate and returns cargo's module, which still has function names.
pub fn compile(variant: &Variant) -> Result<PathBuf> {
    let mut cargo = variant.toolchain()?.cargo();
    variant.prepare(&mut cargo);
    run(cargo
        .current_dir(project::root())
        .args(["build", "--quiet", "--release", "--lib", "--package", "mobilenet-wasm"])
        .args(["--target", TARGET])
        .args(variant.profile_arguments())
        .args(variant.feature_arguments()))
    .with_context(|| format!("cannot compile the {} build", variant.name))?;
    Ok(variant.target_dir().join(TARGET).join("release/mobilenet_wasm.wasm"))
}

/// Runs wasm-bindgen, and wasm-opt if requested, on `module`, unless `dir` already has the result. Returns whether it
/// ran.
fn bind(module: &Path, dir: &Path, options: Options) -> Result<bool> {
    let stamp = format!("{} {}\n", sha256::of_file(module)?, options.wasm_opt);
    let stamp_file = dir.join(".made-from");
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(false);
    }
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    Bindgen::new()
        .input_path(module)
        .out_name("mobilenet_wasm")
        .web(true)?
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(dir)?;
    if options.wasm_opt {
        wasm_opt::shrink(&dir.join("mobilenet_wasm_bg.wasm"))?;
    }
    // Written last: its presence means that everything else is complete.
    fs::write(stamp_file, stamp)?;
    Ok(true)
}

/// The size of `file`, raw and gzipped.
fn sizes(file: &Path) -> Result<String> {
    let bytes = fs::read(file)?;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&bytes)?;
    let kib = |bytes: usize| bytes as f64 / 1024.0;
    Ok(format!("{:.1} KiB, gzipped {:.1} KiB", kib(bytes.len()), kib(encoder.finish()?.len())))
}

/// Checks that the crate's wasm-bindgen has the same version as this tool's, because its binary format changes with
/// every release.
fn check_bindgen_version() -> Result<()> {
    let lock = fs::read_to_string(project::path("Cargo.lock"))?;
    let (library, tool) =
        (locked(&lock, "wasm-bindgen")?, locked(&lock, "wasm-bindgen-cli-support")?);
    if library != tool {
        bail!(
            "the crate's wasm-bindgen is {library} and xtask's wasm-bindgen-cli-support {tool}: \
             give both the same version in Cargo.toml and xtask/Cargo.toml"
        );
    }
    Ok(())
}

/// The version of wasm-bindgen that the crate uses.
pub fn bindgen_version() -> Result<String> {
    locked(&fs::read_to_string(project::path("Cargo.lock"))?, "wasm-bindgen")
}

/// The version of `package` in a lock file.
fn locked(lock: &str, package: &str) -> Result<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines
        .nth(1)
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .with_context(|| format!("Cargo.lock does not name {package}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock_file() {
        let lock = "version = 4\n\n[[package]]\nname = \"a-b\"\nversion = \"2.0.0\"\n\n\
                    [[package]]\nname = \"a\"\nversion = \"1.2.3\"\nsource = \"registry\"\n";
        assert_eq!(locked(lock, "a").unwrap(), "1.2.3");
        assert!(locked(lock, "b").is_err());
    }

    #[test]
    fn this_checkout_has_one_version_of_wasm_bindgen() {
        check_bindgen_version().unwrap();
    }

    #[test]
    fn only_builds_with_threads_share_memory() {
        for variant in VARIANTS {
            let flags = variant.rustflags();
            assert_eq!(flags.contains("--shared-memory"), variant.threads, "{}", variant.name);
            assert_eq!(flags.contains("+atomics"), variant.threads, "{}", variant.name);
            assert_eq!(flags.contains("relaxed"), variant.name.contains("relaxed"));
            assert_eq!(flags.contains("simd128"), **variant != CONVERT);
        }
    }

    #[test]
    fn unknown_variants_are_refused_with_the_known_ones() {
        let error = variant("avx").err().unwrap().to_string();
        assert!(error.contains("\"avx\"") && error.contains("relaxed-threads"), "{error}");
    }
}
