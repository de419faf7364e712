//! The tensors of a plan: their sizes and their places in memory.

use crate::buffer::Buffer;
use crate::kernels::{TileShape, layout};
use std::fmt;

/// A tensor, by its index in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tensor(pub(super) usize);

/// A tensor's height, width and channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Pixels.
    pub height: usize,
    /// Pixels.
    pub width: usize,
    /// Channels.
    pub channels: usize,
}

impl Extent {
    /// A vector, as pooling writes and dense layers read.
    pub(super) fn vector(channels: usize) -> Self {
        Self { height: 1, width: 1, channels }
    }

    /// Pixels of one channel.
    #[must_use]
    pub fn pixels(self) -> usize {
        self.height * self.width
    }

    /// Number of values in the layout of [`layout`]. A vector has no gaps between its blocks.
    pub(super) fn values(self) -> usize {
        match self.pixels() {
            1 => layout::blocks(self.channels) * layout::BLOCK,
            pixels => layout::tensor(self.channels, pixels),
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.height, self.width, self.channels)
    }
}

/// The memory that steps work on, and the shape of the tiles that they work with.
#[derive(Clone, Copy)]
pub struct Memory<'a> {
    arena: *mut f32,
    /// Offset of each tensor in the arena, in values.
    offsets: &'a [usize],
    scratch: *mut f32,
    scratch_plane: usize,
    /// The shape of the register tiles.
    pub shape: TileShape,
}

// SAFETY: the caller of a step promises that no other thread accesses what the step writes: see `Operation::run`.
unsafe impl Sync for Memory<'_> {}

impl<'a> Memory<'a> {
    /// Tensors at `offsets` in `arena`, and `scratch` memory of `scratch_plane` values for each thread.
    pub fn new(
        arena: &'a mut Buffer,
        offsets: &'a [usize],
        scratch: &'a mut Buffer,
        scratch_plane: usize,
        shape: TileShape,
    ) -> Self {
        let (arena, scratch) = (arena.as_mut_ptr(), scratch.as_mut_ptr());
        Self { arena, offsets, scratch, scratch_plane, shape }
    }

    /// Pointer to the tensor's first value.
    ///
    /// # Safety
    /// The tensor belongs to the plan of this memory.
    pub unsafe fn at(self, tensor: Tensor) -> *mut f32 {
        // SAFETY: every tensor's offset lies in the arena.
        unsafe { self.arena.add(self.offsets[tensor.0]) }
    }

    /// Pointer to the scratch memory of `thread`.
    ///
    /// # Safety
    /// `thread` is less than the number of threads that the scratch memory was allocated for.
    pub unsafe fn scratch(self, thread: usize) -> *mut f32 {
        // SAFETY: each thread has a plane.
        unsafe { self.scratch.add(thread * self.scratch_plane) }
    }
}
