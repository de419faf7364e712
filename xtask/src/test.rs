//! `cargo xtask test`: runs every check and test and prints one summary line.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::models::{self, Source};
use crate::process::{run, say, tee};
use crate::summary::{Counts, count};
use crate::toolchain::TARGET;
use crate::{architectures, browser, node, project, spills, toolchain, tools, wasm};

struct Step {
    name: &'static str,
    about: &'static str,
    /// Steps that must succeed first, since this one tests their results.
    needs: &'static [&'static str],
    run: fn(&Settings) -> Result<Outcome>,
}

/// Runs beside the other steps, in a process of its own whose output is printed at the end. Miri runs one test at a
/// time: alone it would leave all cores but one without work for up to half an hour.
const BESIDE: &str = "miri";

/// The settings of a test run.
struct Settings {
    /// The folder of weights for the page; `None` means those of the registry.
    from: Option<PathBuf>,
}

enum Outcome {
    /// A check without tests to count.
    Passed,
    Tests(Counts),
    Skipped(&'static str),
}

const STEPS: &[Step] = &[
    Step { name: "format", about: "cargo fmt --check", needs: &[], run: format },
    Step {
        name: "lint",
        about: "clippy on the crate and on xtask, and the links of the documentation",
        needs: &[],
        run: lint,
    },
    Step { name: "native", about: "the crate's tests on this machine", needs: &[], run: native },
    Step {
        name: "package",
        about: "the crate builds from its own package",
        // It has what the package depends on, so that nothing is fetched.
        needs: &["native"],
        run: package,
    },
    Step {
        name: "miri",
        about: "the code that is unsafe, on small shapes, in Miri",
        needs: &[],
        run: miri,
    },
    Step { name: "xtask", about: "xtask's own tests", needs: &[], run: xtask },
    Step {
        name: "lint-wasm",
        about: "clippy on the crate for WebAssembly",
        needs: &[],
        run: lint_wasm,
    },
    Step { name: "wasm", about: "the crate's tests in Chromium", needs: &[], run: wasm },
    Step { name: "build", about: "the wasm binaries and the page", needs: &[], run: build },
    Step {
        name: "spills",
        about: "the kernels' loops as V8 compiles them keep their sums in registers",
        needs: &["build"],
        run: spills,
    },
    Step {
        name: "types",
        about: "format and types of the page, the package, the tests in a browser and the benchmark",
        needs: &[],
        run: types,
    },
    Step { name: "bench", about: "the benchmark's own tests", needs: &[], run: bench },
    Step {
        name: "consumers",
        about: "the packed package by way of bundlers, runtimes and TypeScript, as its users have it",
        needs: &["build"],
        run: consumers,
    },
    Step { name: "page", about: "the page's tests in Chromium", needs: &["build"], run: page },
];

/// Prints the steps' names.
pub fn list() {
    for step in STEPS {
        println!("{:10} {}", step.name, step.about);
    }
}

/// Runs the steps named in `only`, or all if it is empty. Returns whether all passed.
pub fn test(only: &[String], from: Option<PathBuf>) -> Result<bool> {
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        let names = STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
        bail!("no step {unknown:?}; there are {names}");
    }
    let shared = project::path("../shared/models");
    let settings = Settings { from: from.or_else(|| shared.is_dir().then_some(shared)) };

    let mut steps: Vec<&Step> = STEPS
        .iter()
        .filter(|step| only.is_empty() || only.iter().any(|name| name == step.name))
        .collect();
    // A step that is last among others has had their time for itself.
    steps.sort_by_key(|step| step.name == BESIDE);
    let mut beside = match steps.last() {
        Some(step) if step.name == BESIDE && steps.len() > 1 => Some(Beside::start(step.name)?),
        _ => None,
    };

    let mut total = Counts::default();
    let mut failed_steps = Vec::new();
    let mut report = Vec::new();
    for step in steps {
        println!("\n=== {}: {}", step.name, step.about);
        let mut start = Instant::now();
        let outcome = match &mut beside {
            Some(beside) if step.name == BESIDE => {
                start = beside.start;
                beside.outcome()
            }
            _ => perform(step, &settings, &failed_steps),
        };
        let (counts, line) = match outcome {
            Ok(Outcome::Passed) => (Counts::default(), "passed".to_owned()),
            Ok(Outcome::Skipped(why)) => {
                (Counts { skipped: 1, ..Counts::default() }, format!("SKIPPED: {why}"))
            }
            Ok(Outcome::Tests(counts)) if counts.failed == 0 => (counts, counts.to_string()),
            Ok(Outcome::Tests(counts)) => {
                failed_steps.push(step.name);
                (counts, format!("FAILED: {counts}"))
            }
            Err(error) => {
                failed_steps.push(step.name);
                eprintln!("error: {error:#}");
                (Counts { failed: 1, ..Counts::default() }, format!("FAILED: {error}"))
            }
        };
        total += counts;
        report.push((step.name, start.elapsed(), line));
    }
    print_report(&report);
    println!("{total}");
    Ok(failed_steps.is_empty())
}

fn perform(step: &Step, settings: &Settings, failed: &[&str]) -> Result<Outcome> {
    if let Some(needed) = step.needs.iter().find(|name| failed.contains(name)) {
        bail!("not run, since step {needed:?} failed");
    }
    (step.run)(settings)
}

fn print_report(report: &[(&str, Duration, String)]) {
    println!();
    for (name, time, line) in report {
        println!("{name:10} {:6.1} s  {line}", time.as_secs_f64());
    }
}

/// A step that runs in a process of its own.
struct Beside {
    step: &'static str,
    start: Instant,
    process: Child,
    log: PathBuf,
}

impl Beside {
    fn start(step: &'static str) -> Result<Self> {
        let log = project::path("target").join(format!("test-{step}.log"));
        let file = File::create(&log)?;
        println!("{step} runs beside the other steps; its output comes at the end");
        let process = Command::new(std::env::current_exe()?)
            .args(["test", "--only", step])
            .stdin(Stdio::null())
            .stderr(file.try_clone()?)
            .stdout(file)
            .spawn()?;
        Ok(Self { step, start: Instant::now(), process, log })
    }

    /// Waits for the step, and prints what it printed.
    fn outcome(&mut self) -> Result<Outcome> {
        let status = self.process.wait()?;
        let output = fs::read_to_string(&self.log)?;
        print!("{output}");
        let counts = count(&output);
        if !status.success() && counts.failed == 0 {
            bail!("the step {} failed ({status})", self.step);
        }
        if counts.total() == 0 {
            return Ok(Outcome::Skipped("NOT run, as said above"));
        }
        Ok(Outcome::Tests(counts))
    }
}

/// The cargo that runs this tool, in the root folder.
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(project::root());
    cargo
}

/// Runs tests and counts them. A failure without a failed test, such as a compile error, is an error, and so is a run
/// without tests.
fn tests(command: &mut Command) -> Result<Outcome> {
    let (status, output) = tee(command)?;
    let counts = count(&output);
    if !status.success() && counts.failed == 0 {
        bail!("the test command failed ({status}) after {counts}");
    }
    if counts.total() == 0 {
        bail!("no test was run");
    }
    Ok(Outcome::Tests(counts))
}

fn format(_: &Settings) -> Result<Outcome> {
    run(cargo().args(["fmt", "--all", "--check"])).context("run `cargo fmt --all`")?;
    Ok(Outcome::Passed)
}

const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

fn lint(_: &Settings) -> Result<Outcome> {
    let crate_ = ["clippy", "--quiet", "--package", "mobilenet-wasm", "--all-targets"];
    run(cargo().args(crate_).args(DENY_WARNINGS))?;
    let xtask = ["clippy", "--quiet", "--package", "xtask", "--all-targets", "--profile", "xtask"];
    run(cargo().args(xtask).args(DENY_WARNINGS))?;
    let docs = ["doc", "--quiet", "--package", "mobilenet-wasm", "--no-deps"];
    run(cargo().env("RUSTDOCFLAGS", "-D warnings").args(docs))?;
    Ok(Outcome::Passed)
}

fn native(_: &Settings) -> Result<Outcome> {
    tests(cargo().args(["test", "--quiet", "--package", "mobilenet-wasm", "--no-fail-fast"]))
}

fn package(_: &Settings) -> Result<Outcome> {
    let package = ["package", "--quiet", "--package", "mobilenet-wasm"];
    run(cargo().args(package).args(["--offline", "--allow-dirty"]))?;
    Ok(Outcome::Passed)
}

/// The crate's tests that Miri runs: kernels, threads, bands of pictures, and the reader of safetensors, which calls another
/// crate. The readers of other formats forbid unsafe code, as all of `src/weights` does.
const MIRI: [&str; 12] = [
    "--lib",
    "--test=kernels",
    "--test=int8",
    "--test=preprocess",
    "--test=threads",
    "--test=checkpoints",
    "--",
    "plan::team",
    "right",
    "a_small_network",
    "bands_make",
    "malformed_files",
];

fn miri(_: &Settings) -> Result<Outcome> {
    let mut miri = match toolchain::miri() {
        Ok(miri) => miri,
        Err(error) => {
            say("miri", format_args!("NOTE: nothing was run in Miri: {error:#}"));
            return Ok(Outcome::Skipped("NOT run: no nightly compiler with Miri"));
        }
    };
    let folder = project::path("target/miri");
    tests(
        miri.current_dir(project::root())
            .args(["test", "--quiet", "--package", "mobilenet-wasm"])
            .arg("--target-dir")
            .arg(folder)
            .args(MIRI),
    )
}

fn xtask(_: &Settings) -> Result<Outcome> {
    tests(cargo().args(["test", "--quiet", "--package", "xtask", "--profile", "xtask"]))
}

fn lint_wasm(_: &Settings) -> Result<Outcome> {
    // The engine's other builds have no code that `relaxed-threads` lacks.
    for name in ["convert", "relaxed-threads"] {
        let variant = wasm::variant(name)?;
        let toolchain = variant.toolchain()?;
        if !toolchain.has_clippy() {
            return Ok(Outcome::Skipped("the compiler for WebAssembly came without Clippy"));
        }
        let mut clippy = toolchain.cargo();
        variant.prepare(&mut clippy);
        run(clippy
            .current_dir(project::root())
            .args(["clippy", "--quiet", "--package", "mobilenet-wasm", "--lib", "--tests"])
            .args(["--target", TARGET])
            .args(variant.feature_arguments())
            .args(DENY_WARNINGS))
        .with_context(|| format!("the {} build", variant.name))?;
    }
    Ok(Outcome::Passed)
}

/// The build that all of the crate's tests run on.
const WHOLE: &str = "simd";

/// The tests that other builds run: those of code that differs between instruction sets.
const ARITHMETIC: [&str; 4] =
    ["--test=kernels", "--test=int8", "--test=networks", "--test=preprocess"];

fn wasm(_: &Settings) -> Result<Outcome> {
    let browser = browser::ensure()?;
    let wasm_pack = tools::wasm_pack()?;
    let mut counts = Counts::default();
    // Builds with threads need a page that starts workers, and wasm-bindgen-test's page doesn't.
    for variant in wasm::engines().filter(|variant| !variant.threads) {
        say("wasm", format_args!("wasm-pack test of the {} build", variant.name));
        let mut command = Command::new(&wasm_pack.program);
        variant.toolchain()?.prepare(&mut command);
        variant.prepare(&mut command);
        command
            .current_dir(project::root())
            .args(["test", "--headless", "--chrome", "--mode", "no-install"])
            .arg("--chromedriver")
            .arg(&browser.chromedriver);
        if variant.name != WHOLE {
            command.arg("--").args(ARITHMETIC);
        }
        let outcome = tests(
            command
                .env("WASM_PACK_CACHE", &wasm_pack.cache)
                .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", browser.webdriver_json()?)
                // Tests run in a worker by default, as inference does on a page.
                .env("WASM_BINDGEN_USE_DEDICATED_WORKER", "1")
                // Seconds for the tests of one file; some run whole networks.
                .env("WASM_BINDGEN_TEST_TIMEOUT", "600"),
        )?;
        if let Outcome::Tests(more) = outcome {
            counts += more;
        }
    }
    Ok(Outcome::Tests(counts))
}

fn build(_: &Settings) -> Result<Outcome> {
    wasm::build(wasm::VARIANTS, wasm::Options::default())?;
    node::build_page()?;
    Ok(Outcome::Passed)
}

fn spills(_: &Settings) -> Result<Outcome> {
    let disassembler = match spills::disassembler() {
        Ok(disassembler) => disassembler,
        Err(error) => {
            say("spills", format_args!("NOTE: the kernels' loops were NOT checked: {error:#}"));
            return Ok(Outcome::Skipped("NOT run: no V8 with a disassembler for this machine"));
        }
    };
    spills::check(&disassembler)?;
    Ok(Outcome::Passed)
}

fn types(_: &Settings) -> Result<Outcome> {
    node::install_dependencies()?;
    run(node::npm()?.args(["run", "--silent", "check"]))?;
    // The benchmark installs these packages; they take 460 MB.
    if !project::path("bench/node_modules").is_dir() {
        say(
            "types",
            "NOTE: the peers' packages are not installed: what runs the peers was NOT checked",
        );
        return Ok(Outcome::Passed);
    }
    run(node::npm()?.args(["exec", "--", "tsc", "--noEmit", "-p", "../bench"]))?;
    Ok(Outcome::Passed)
}

fn bench(_: &Settings) -> Result<Outcome> {
    // The contenders run its networks.
    architectures::write()?;
    tests(Command::new(node::node()?).current_dir(project::path("bench")).arg("--test"))
}

fn consumers(_: &Settings) -> Result<Outcome> {
    let folder = project::path("tests/consumers");
    // The page's have the driver of the browser.
    node::install_dependencies()?;
    node::install_locked(&folder)?;
    // Some 640 MB, of programs for this system.
    if let Err(error) = node::install_locked(&folder.join("heavy")) {
        say(
            "consumers",
            format_args!("NOTE: Parcel, Next.js, Bun and Deno were NOT tried: {error:#}"),
        );
    }
    let browser = browser::ensure()?;
    let mut node = Command::new(node::node()?);
    // A test that hangs would take the whole run with it. ms
    let limits = ["--test-concurrency=2", "--test-timeout=900000"];
    tests(node.current_dir(folder).arg("--test").args(limits).env("CHROMIUM", &browser.chromium))
}

fn page(settings: &Settings) -> Result<Outcome> {
    let source = match &settings.from {
        Some(folder) => Source::Folder(folder.clone()),
        None => {
            say(
                "models",
                "NOTE: no ../shared/models and no --from: of the page's columns V2 alone is tested with weights",
            );
            Source::Registry
        }
    };
    models::install(&source)?;
    let browser = browser::ensure()?;
    tests(node::npm()?.args(["run", "--silent", "test:page"]).env("CHROMIUM", &browser.chromium))
}
