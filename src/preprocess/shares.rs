//! Distributes the bands of a picture over threads.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::bands::{Bands, Scratch};
use crate::plan::{Threads, Work};
use crate::simd::NativeInts;

/// Bands per thread: more than one, since a thread may be late. Each band repeats the work for some rows of its
/// neighbour: 4 % with bands of 56 rows from a frame of 1080 rows.
const BANDS_PER_THREAD: usize = 2;

/// A band's rows and their output.
type Share<'a> = Mutex<(Range<usize>, &'a mut [f32])>;

struct Shares<'a> {
    bands: &'a Bands<'a>,
    row_stride: usize,
    shares: Vec<Share<'a>>,
    /// Working memory, by thread number.
    scratch: Vec<Mutex<&'a mut Scratch>>,
}

impl Work for Shares<'_> {
    fn parts(&self, _step: usize) -> usize {
        self.shares.len()
    }

    fn run(&self, _step: usize, part: usize, thread: usize) {
        // Neither lock is ever contended: each part runs once, and a thread runs one part at a time.
        let mut scratch = self.scratch[thread].lock().unwrap_or_else(PoisonError::into_inner);
        let mut share = self.shares[part].lock().unwrap_or_else(PoisonError::into_inner);
        let (rows, output) = &mut *share;
        self.bands.rows::<NativeInts>(rows.clone(), &mut scratch, output, self.row_stride);
    }
}

/// Writes the crop's rows `rows`, the first one to the start of `output`; `scratch` has one element for each thread.
///
/// # Panics
/// As [`Bands::rows`].
pub fn run(
    bands: &Bands<'_>,
    rows: Range<usize>,
    scratch: &mut [Scratch],
    threads: &Threads,
    output: &mut [f32],
    row_stride: usize,
) {
    if threads.count() == 1 {
        bands.rows::<NativeInts>(rows, &mut scratch[0], output, row_stride);
        return;
    }
    let share = rows.len().div_ceil(threads.count() * BANDS_PER_THREAD);
    let shares = output.chunks_mut(share * row_stride).zip(rows.clone().step_by(share));
    let shares = shares.map(|(output, y)| Mutex::new((y..rows.end.min(y + share), output)));
    let work = Shares {
        bands,
        row_stride,
        shares: shares.collect(),
        scratch: scratch.iter_mut().map(Mutex::new).collect(),
    };
    threads.run(&work, 0..1);
}
