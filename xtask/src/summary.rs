//! Counts passed tests in the output of the test programs.

use std::fmt;
use std::ops::AddAssign;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl Counts {
    pub fn total(self) -> usize {
        self.passed + self.failed + self.skipped
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// A test of the crate that can't run prints this before it returns, since libtest reports it as passed.
pub const SKIPPED: &str = "SKIPPED: ";

/// Sums the closing lines of cargo's, wasm-bindgen's and Node's test runners. A line with [`SKIPPED`] moves a test from
/// the passed to the skipped.
pub fn count(output: &str) -> Counts {
    let mut counts = Counts::default();
    let mut unfit = 0;
    for line in output.lines() {
        if let Some(rest) = line.trim_start().strip_prefix("test result: ") {
            // `ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out`
            let numbers = rest.split_once(". ").map_or(rest, |(_, numbers)| numbers);
            for part in numbers.split("; ") {
                match part.split_once(' ') {
                    Some((n, "passed")) => counts.passed += number(n),
                    Some((n, "failed")) => counts.failed += number(n),
                    Some((n, "ignored")) => counts.skipped += number(n),
                    _ => {}
                }
            }
        } else if let Some(rest) = line.strip_prefix("# ").or(line.strip_prefix("ℹ ")) {
            // Node's runner prints one line per kind, such as `# pass 5`. Only the closing lines are unindented.
            match rest.split_once(' ') {
                Some(("pass", n)) => counts.passed += number(n),
                Some(("fail" | "cancelled", n)) => counts.failed += number(n),
                Some(("skipped" | "todo", n)) => counts.skipped += number(n),
                _ => {}
            }
        } else if line.starts_with(SKIPPED) {
            unfit += 1;
        }
    }
    // libtest counts skipped tests as passed.
    counts.passed = counts.passed.saturating_sub(unfit);
    counts.skipped += unfit;
    counts
}

/// Parses a count; 0 if the line is a comment that only looks like a closing line.
fn number(text: &str) -> usize {
    text.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_and_wasm_bindgen() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 filtered out; finished in 1.00s\n";
        assert_eq!(count(output), Counts { passed: 15, failed: 2, skipped: 1 });
    }

    #[test]
    fn tests_that_say_that_they_are_skipped() {
        let output = "running 3 tests\n..\nSKIPPED: photos: no ../shared/photos\n.\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(count(output), Counts { passed: 2, failed: 0, skipped: 2 });
        assert_eq!(count("say SKIPPED: \ntest result: ok. 1 passed\n").skipped, 0);
    }

    #[test]
    fn node_in_both_of_its_styles() {
        let tap =
            "# tests 7\n# suites 0\n# pass 4\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n";
        assert_eq!(count(tap), Counts { passed: 4, failed: 2, skipped: 1 });
        assert_eq!(count("ℹ pass 4\nℹ fail 0\n"), Counts { passed: 4, failed: 0, skipped: 0 });
        assert_eq!(count("# pass through\n    # pass 3\n"), Counts::default());
    }

    #[test]
    fn the_closing_line() {
        let mut counts = Counts { passed: 5, failed: 0, skipped: 0 };
        assert_eq!(counts.to_string(), "5 passed, 0 failed");
        counts += Counts { passed: 1, failed: 2, skipped: 3 };
        assert_eq!(counts.to_string(), "6 passed, 2 failed, 3 skipped");
        assert_eq!(counts.total(), 11);
    }
}
