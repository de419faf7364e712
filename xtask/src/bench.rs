//! `cargo xtask bench`: prepares what the measurement needs, then runs `bench/run.js`.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::models::{self, Source};
use crate::process::{output, run, say, seconds, which};
use crate::{browser, debian, node, project, sha256, wasm};

/// How much to measure.
#[derive(Default)]
pub struct Options {
    /// Runs of each runtime.
    pub runs: Option<NonZeroU32>,
    /// Print a rough measurement instead of writing BENCHMARKS.md.
    pub quick: bool,
    /// The parts to measure, by their names in `bench/run.js`; empty means all.
    pub only: Vec<String>,
    /// The peers of the part `frames`; empty means all.
    pub against: Vec<String>,
    /// Minutes to run the camera.
    pub minutes: Option<f64>,
}

/// The parts in which the peers take part.
const PEERS_PARTS: [&str; 3] = ["frames", "networks", "revectorized"];

/// A kind of models for the peers. Each kind has its own Python environment, since the dependencies of the kinds
/// conflict.
struct Kind {
    name: &'static str,
    /// The origin of the networks and the peers that run them.
    about: &'static str,
    /// Disk space of the environment.
    disk: &'static str,
}

const KINDS: [Kind; 2] = [
    Kind { name: "tflite", about: "Keras's networks for LiteRT.js and MediaPipe", disk: "3 GB" },
    Kind {
        name: "onnx",
        about: "timm's networks for ONNX Runtime Web and Transformers.js",
        disk: "6 GB",
    },
];

/// Prepares and runs the measurement.
pub fn bench(options: &Options) -> Result<()> {
    wasm::build(wasm::VARIANTS, wasm::Options::default())?;
    // The page's dependencies include the driver of the browser.
    node::install_dependencies()?;
    node::install_locked(&project::path("bench"))?;
    let with_peers = options.only.is_empty()
        || options.only.iter().any(|part| PEERS_PARTS.contains(&part.as_str()));
    for kind in KINDS.iter().filter(|_| with_peers) {
        // The benchmark goes on: its report names the peers that lack a model.
        if let Err(error) = kind.make() {
            say("bench", format_args!("GOING ON WITHOUT {} MODELS: {error:#}", kind.name));
        }
    }
    let shared = project::path("../shared/models");
    if shared.is_dir()
        && let Err(error) = models::install(&Source::Folder(shared))
    {
        say("models", format_args!("going on without new weights: {error:#}"));
    }
    let browser = browser::ensure()?;
    let mut command = Command::new(node::node()?);
    command.arg(project::path("bench/run.js")).env("CHROMIUM", &browser.chromium);
    if let Some(runs) = options.runs {
        command.arg("--runs").arg(runs.to_string());
    }
    if options.quick {
        command.arg("--quick");
    }
    for peer in &options.against {
        command.arg("--against").arg(peer);
    }
    for part in &options.only {
        command.arg("--only").arg(part);
    }
    if let Some(minutes) = options.minutes {
        command.arg("--minutes").arg(minutes.to_string());
    }
    run(&mut command)
}

impl Kind {
    /// Makes the models, unless the same script and packages have already made them.
    fn make(&self) -> Result<()> {
        let script = project::path(&format!("bench/make_{}.py", self.name));
        let requirements = project::path(&format!("bench/requirements-{}.txt", self.name));
        let models = project::path("target/bench/models");
        let stamp = format!("{} {}", sha256::of_file(&script)?, sha256::of_file(&requirements)?);
        let stamp_file = models.join(format!(".{}-made-by", self.name));
        if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
            return Ok(());
        }
        let python = self.python(&requirements)?;
        let start = Instant::now();
        say("bench", format_args!("making {}", self.about));
        fs::create_dir_all(&models)?;
        // `output` hides the frameworks' long messages, `run` would show them.
        output(Command::new(python).arg("-B").arg(script).arg(&models))?;
        fs::write(stamp_file, stamp)?;
        say("bench", format_args!("{} models made in {}", self.name, seconds(start)));
        Ok(())
    }

    /// The Python of an environment with the packages in `requirements`.
    fn python(&self, requirements: &Path) -> Result<PathBuf> {
        let environment = project::path("target/bench").join(format!("venv-{}", self.name));
        let python = environment.join("bin/python");
        let stamp = sha256::of_file(requirements)?;
        let stamp_file = environment.join(".installed-from");
        if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
            return Ok(python);
        }
        say(
            "bench",
            format_args!(
                "installing what {} names into {}: {} of disk, needed once to make models",
                project::shown(requirements),
                project::shown(&environment),
                self.disk,
            ),
        );
        run(Command::new(python_with_venv()?).args(["-m", "venv", "--clear"]).arg(&environment))?;
        run(Command::new(&python)
            .args(["-m", "pip", "--disable-pip-version-check", "install", "--quiet"])
            .arg("--requirement")
            .arg(requirements))?;
        fs::write(stamp_file, stamp)?;
        Ok(python)
    }
}

/// A Python that can make virtual environments.
fn python_with_venv() -> Result<PathBuf> {
    let has_venv =
        |python: &PathBuf| output(Command::new(python).args(["-c", "import ensurepip"])).is_ok();
    if let Some(python) = which("python3").filter(has_venv) {
        return Ok(python);
    }
    debian::ensure(&["python3", "python3-venv"], "to make the peers' models")
        .context("install Python 3 with venv")?;
    // Debian's Python: another one earlier on PATH may still lack venv.
    Ok("/usr/bin/python3".into())
}
