//! The nodes of a reduced graph.

use super::normalise::Affine;
use crate::arch::{Activation, Conv};

/// The output of an operator.
pub(super) struct Node {
    /// The operator's number.
    pub operator: u32,
    pub kind: NodeKind,
}

/// The operation of a node. It refers to other nodes by index, which is less than the node's own.
pub(super) enum NodeKind {
    /// The picture, after this normalisation by the graph.
    Input(Affine),
    Conv(ConvNode),
    /// An activation of a convolution's output.
    Activation(Activation, usize),
    /// The mean of a map.
    Pool(usize),
    /// A map whose channels are multiplied by their gates.
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
    /// The convolution, if the node is one.
    pub fn conv(&self) -> Option<&ConvNode> {
        if let Self::Conv(conv) = self { Some(conv) } else { None }
    }

    /// The graph's normalisation, if the node is the picture.
    pub fn input(&self) -> Option<Affine> {
        if let Self::Input(affine) = self { Some(*affine) } else { None }
    }
}

/// A convolution or a dense layer.
#[derive(Clone, Copy)]
pub(super) struct ConvNode {
    pub input: usize,
    /// The layer, with the activation of the operator itself.
    pub conv: Conv,
    /// The activation that the saturation of its output amounts to.
    pub implied: Activation,
    /// Tensor numbers; of Keras the number of the layer's tensors, and no bias.
    pub weight: i32,
    pub bias: Option<i32>,
    /// Added to the bias of the file.
    pub shift: f32,
    /// Scale of the input's integers; 0 for floats.
    pub input_scale: f64,
    /// Whether it is a classifier with one class in the file, before which a class of zeros is put.
    pub binary: bool,
}

impl ConvNode {
    /// Whether its output is limited to 0..6.
    pub fn clips(&self) -> bool {
        let named = self.conv.activation;
        let limited = if named == Activation::Linear { self.implied } else { named };
        limited == Activation::Relu6
    }
}
