//! Loops that the compiler must unroll.

/// Repeats `$block` with `$name` bound to each literal. The compiler keeps a loop over a register tile as it is if its body
/// is large, and arrays that a loop indexes lie in memory: their sums are stored and loaded again, and a function clears
/// them for each tile.
macro_rules! each {
    ($name:ident in $($number:literal)* => $block:block) => {
        $({
            let $name: usize = $number;
            $block
        })*
    };
}
pub(super) use each;
