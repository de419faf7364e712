//! Parses the output of V8's `--print-wasm-code` on x86-64: the functions of its optimising compiler, and their
//! innermost loops.

use std::iter;

/// One compiled function.
pub struct Function<'a> {
    /// Its name in the module.
    pub name: &'a str,
    code: Vec<Instruction<'a>>,
}

/// One machine instruction.
struct Instruction<'a> {
    /// Bytes from the start of the function.
    offset: usize,
    /// Mnemonic and operands.
    text: &'a str,
}

/// The functions in V8's output.
pub fn functions(printed: &str) -> impl Iterator<Item = Function<'_>> {
    printed.split("--- WebAssembly code ---\n").filter_map(|part| {
        let name = part.strip_prefix("name: ")?.lines().next()?;
        part.lines().find(|line| *line == "compiler: TurboFan")?;
        let mut lines = part.lines().skip_while(|line| !line.starts_with("Instructions (size = "));
        lines.next()?;
        Some(Function { name, code: lines.map_while(instruction).collect() })
    })
}

/// Parses a line of address, offset, bytes and text.
fn instruction(line: &str) -> Option<Instruction<'_>> {
    let (_address, rest) = line.split_once(' ')?;
    let (offset, rest) = rest.trim_start().split_once(' ')?;
    let (_bytes, text) = rest.trim_start().split_once(' ')?;
    Some(Instruction { offset: usize::from_str_radix(offset, 16).ok()?, text: text.trim() })
}

impl Instruction<'_> {
    /// The target offset of a jump, which V8 prints as `jnz 0x2f75785392ce  <+0xce>`.
    fn target(&self) -> Option<usize> {
        let (_, target) = self.text.strip_prefix('j')?.rsplit_once("<+0x")?;
        usize::from_str_radix(target.strip_suffix('>')?, 16).ok()
    }

    /// Whether execution may continue with the next instruction. A call counts as an end: in a kernel it belongs to a
    /// loop's interrupt check, which saves and restores every register and almost never runs.
    fn goes_on(&self) -> bool {
        !["jmp", "ret", "call"].iter().any(|name| self.text.starts_with(name))
    }
}

impl<'a> Function<'a> {
    /// The instructions of each loop that contains no other loop.
    pub fn innermost_loops(&self) -> Vec<Vec<&'a str>> {
        let next = self.successors();
        let mut previous = vec![Vec::new(); next.len()];
        for (from, to) in next.iter().enumerate().flat_map(|(i, to)| iter::repeat(i).zip(to)) {
            previous[*to].push(from);
        }
        let used = reach(&next, vec![0], None);
        let loops = (0..next.len()).filter_map(|head| {
            // `around` marks the instructions that are reachable without the loop's head.
            let around = reach(&next, vec![0], Some(head));
            let back = previous[head].iter().copied().filter(|&i| used[i] && !around[i]);
            let mut body = reach(&previous, back.collect(), Some(head));
            body.iter_mut().zip(&used).for_each(|(inside, used)| *inside &= used);
            body.contains(&true).then(|| {
                body[head] = true;
                (head, body)
            })
        });
        let loops = loops.collect::<Vec<_>>();
        let innermost = loops
            .iter()
            .filter(|(head, body)| loops.iter().all(|(other, _)| other == head || !body[*other]));
        let texts = |body: &[bool]| {
            self.code
                .iter()
                .zip(body)
                .filter(|(_, inside)| **inside)
                .map(|(it, _)| it.text)
                .collect()
        };
        innermost.map(|(_, body)| texts(body)).collect()
    }

    /// For each instruction, the indices of those that may follow it.
    fn successors(&self) -> Vec<Vec<usize>> {
        let index = |offset| self.code.binary_search_by_key(&offset, |it| it.offset).ok();
        let jump = |it: &Instruction| it.target().and_then(index);
        let step = |i: usize| (self.code[i].goes_on() && i + 1 < self.code.len()).then_some(i + 1);
        self.code
            .iter()
            .enumerate()
            .map(|(i, it)| jump(it).into_iter().chain(step(i)).collect())
            .collect()
    }
}

/// Marks the nodes that are reachable from `start` along `edges` without entering `barred`.
fn reach(edges: &[Vec<usize>], start: Vec<usize>, barred: Option<usize>) -> Vec<bool> {
    let mut reached = vec![false; edges.len()];
    let mut open = start;
    while let Some(node) = open.pop() {
        if Some(node) != barred && reached.get(node) == Some(&false) {
            reached[node] = true;
            open.extend(&edges[node]);
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::functions;

    /// A loop within a loop, with an exit in its middle and its interrupt check after the function's end; a function
    /// without loops; a function that the optimising compiler did not compile.
    const PRINTED: &str = "\
--- WebAssembly code ---
name: nested
index: 7
kind: wasm function
compiler: TurboFan
Body (size = 64 = 52 + 12 padding)
Instructions (size = 40)
0x2f7578539200     0  55                   push rbp
0x2f7578539201     1  eb08                 jmp 0x2f757853920b  <+0xb>
0x2f7578539203     3  c3                   retl
0x2f7578539204     4  81c100010000         addl rcx,0x100
0x2f757853920b     b  41807db100           cmpb [r13-0x4f],0x0
0x2f7578539210    10  0f8564020000         jnz 0x2f7578539230  <+0x30>
0x2f7578539216    16  4585c9               testl r9,r9
0x2f7578539219    19  74e9                 jz 0x2f7578539204  <+0x4>
0x2f757853921b    1b  c4c239b8f9           vfmadd231ps xmm7,xmm8,xmm9
0x2f7578539220    20  0f853fffffff         jnz 0x2f7578539216  <+0x16>
0x2f7578539226    26  e9e9fcffff           jmp 0x2f7578539203  <+0x3>
0x2f7578539230    30  c5f8118d20ffffff     vmovups [rbp-0xe0],xmm1
0x2f7578539238    38  e8b482e4ff           call 0x2f7578381850  (jump table)
0x2f757853923d    3d  e9ccfcffff           jmp 0x2f7578539216  <+0x16>

Protected instructions:
 pc offset
        13

--- End code ---
--- WebAssembly code ---
name: straight
index: 8
kind: wasm function
compiler: TurboFan
Body (size = 64 = 52 + 12 padding)
Instructions (size = 40)
0x2f7578539280     0  0f853fffffff         jnz 0x2f7578539286  <+0x6>
0x2f7578539286     6  c3                   retl

--- End code ---
--- WebAssembly code ---
name: baseline
index: 9
kind: wasm function
compiler: Liftoff
Body (size = 64 = 52 + 12 padding)
Instructions (size = 40)
0x2f75785392c0     0  c3                   retl

--- End code ---
";

    #[test]
    fn innermost_loops_are_found_without_their_rare_ways() {
        let [nested, straight] = &functions(PRINTED).collect::<Vec<_>>()[..] else {
            panic!("two functions of the optimising compiler");
        };
        assert_eq!((nested.name, straight.name), ("nested", "straight"));
        let inner = [
            "testl r9,r9",
            "jz 0x2f7578539204  <+0x4>",
            "vfmadd231ps xmm7,xmm8,xmm9",
            "jnz 0x2f7578539216  <+0x16>",
        ];
        assert_eq!(nested.innermost_loops(), [inner]);
        assert!(straight.innermost_loops().is_empty());
    }
}
