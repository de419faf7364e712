//! What a reduced graph is made of.

use super::normalise::Affine;
use crate::arch::{Activation, Conv};

/// What an operator makes.
pub(super) struct Node {
    /// The operator.
    pub operator: u32,
    pub kind: NodeKind,
}

/// Other nodes are named by their number, which is less than the node's own.
pub(super) enum NodeKind {
    /// The picture, after what the graph itself does to normalise it.
    Input(Affine),
    Conv(ConvNode),
    /// An activation of a convolution's output.
    Activation(Activation, usize),
    /// The mean of a map.
    Pool(usize),
    /// A map, each channel times its gate.
    Scale {
        map: usize,
        gate: usize,
    },
    Sum(usize, usize),
    /// `x + 3`.
    Plus3(usize),
    /// `relu6(x + 3)`.
    Clipped(usize),
    /// `x * relu6(x + 3)`.
    Times6(usize),
}

impl NodeKind {
    /// The convolution, of a node that is one.
    pub fn conv(&self) -> Option<&ConvNode> {
        if let Self::Conv(conv) = self { Some(conv) } else { None }
    }

    /// What the graph has done to the picture, of a node that is still that.
    pub fn input(&self) -> Option<Affine> {
        if let Self::Input(affine) = self { Some(*affine) } else { None }
    }
}

/// A convolution or a dense layer.
#[derive(Clone, Copy)]
pub(super) struct ConvNode {
    pub input: usize,
    /// Its activation is the operator's own.
    pub conv: Conv,
    /// What the saturation of its output does, if no activation follows.
    pub implied: Activation,
    /// The numbers of its tensors.
    pub weight: i32,
    pub bias: Option<i32>,
    /// Added to the bias that the file has.
    pub shift: f32,
    /// What the input's integers are multiples of; 0 for floats.
    pub input_scale: f64,
}

impl ConvNode {
    /// Whether its sums are limited to 0..6.
    pub fn clips(&self) -> bool {
        let named = self.conv.activation;
        let limited = if named == Activation::Linear { self.implied } else { named };
        limited == Activation::Relu6
    }
}
