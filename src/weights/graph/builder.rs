//! Builds the nodes of a reduced graph. What all formats share is here; `lower` and `keras` know their own format's
//! operators. Errors are reasons; the caller adds the operator that doesn't fit.

use super::node::{ConvNode, Node, NodeKind};
use super::normalise::Affine;
use crate::arch::{Activation, Conv, ConvKind, MAX_RESOLUTION, MIN_RESOLUTION, Padding};
use crate::buffer::with_room;
use crate::error::Error;

/// Relative tolerance of constants: half precision has 11 bits.
const TOLERANCE: f64 = 2e-3;

/// The error for a sigmoid that can't be run.
const SIGMOID: &str = "a sigmoid can only be of one class at the end: several classes must exclude one another, by a softmax or \
    no activation, gates must be hard-sigmoids, and activations hard-swish";

/// The most values of a map: 128 MiB. The largest map of V2 at width 4 and 320 pixels has a third of it.
const MAX_MAP: usize = 1 << 25;

/// The reduced graph.
pub(super) struct Lowered {
    pub nodes: Vec<Node>,
    /// The node of the logits.
    pub output: usize,
    pub resolution: usize,
    pub padding: Padding,
}

/// A map, or a vector after pooling.
#[derive(Clone, Copy)]
pub(super) struct Map {
    pub node: usize,
    /// Side in pixels.
    pub size: usize,
    pub channels: usize,
    /// Whether it is a vector after pooling.
    pub pooled: bool,
    /// Rows of zeros that a padding operator adds above and below, and as many columns left and right.
    pub pad: [usize; 2],
}

/// The form of a convolution's filter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Full,
    Depthwise,
    Dense,
}

/// A convolution as an operator describes it.
pub(super) struct Filter {
    pub form: Form,
    pub kernel: usize,
    /// Vertical and horizontal.
    pub stride: [usize; 2],
    pub in_channels: usize,
    pub out_channels: usize,
    /// Whether the operator pads its input itself, as TensorFlow's SAME does.
    pub same: bool,
}

/// Arithmetic of a map and a constant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

pub(super) struct Builder {
    nodes: Vec<Node>,
    resolution: usize,
    /// Whether all convolutions so far agree with this padding.
    same: bool,
    symmetric: bool,
    /// The current operator.
    pub operator: u32,
}

impl Builder {
    /// Begins a graph of at most `operators` operators on a square picture of `resolution` pixels. Also returns the
    /// picture, as a map of `channels`.
    pub fn new(operators: usize, resolution: usize, channels: usize) -> Result<(Self, Map), Error> {
        if !(MIN_RESOLUTION..=MAX_RESOLUTION).contains(&resolution) {
            return Err(Error::Resolution { resolution });
        }
        let mut nodes = with_room(1 + operators)?;
        nodes.push(Node { operator: 0, kind: NodeKind::Input(Affine::default()) });
        let map = Map { node: 0, size: resolution, channels, pooled: false, pad: [0; 2] };
        Ok((Self { nodes, resolution, same: true, symmetric: true, operator: 0 }, map))
    }

    /// The graph whose logits are at the node `output`.
    pub fn finish(self, output: usize) -> Lowered {
        let padding = if self.same { Padding::Same } else { Padding::Symmetric };
        Lowered { nodes: self.nodes, output, resolution: self.resolution, padding }
    }

    /// The kind of a node.
    pub fn kind(&self, node: usize) -> &NodeKind {
        &self.nodes[node].kind
    }

    /// Adds a node; returns its index.
    pub fn push(&mut self, kind: NodeKind) -> usize {
        self.nodes.push(Node { operator: self.operator, kind });
        self.nodes.len() - 1
    }

    /// Finds the layer and the output of a convolution of `input`: a linear layer, and a map without a node. Checks
    /// that a kernel runs it, and that its padding agrees with all layers before.
    pub fn place(&mut self, filter: &Filter, input: &Map) -> Result<(Conv, Map), String> {
        let &Filter { form, kernel, in_channels, out_channels, .. } = filter;
        if !(1..=5).contains(&kernel) {
            return Err(format!("a {kernel}x{kernel} filter"));
        }
        if in_channels != input.channels {
            return Err(format!("its filter has {in_channels} channels, not {}", input.channels));
        }
        let stride = match (form, filter.stride) {
            (Form::Dense, _) => 1,
            (_, [1, 1]) => 1,
            (_, [2, 2]) => 2,
            (_, other) => return Err(format!("its strides are {other:?}")),
        };
        if form != Form::Dense {
            self.check_padding(filter.same, kernel, stride, input)?;
        }
        let kind = match () {
            () if form == Form::Depthwise => ConvKind::Depthwise,
            () if input.pooled => ConvKind::Dense,
            () if kernel == 1 => ConvKind::Pointwise,
            () if matches!(self.nodes[input.node].kind, NodeKind::Input(_)) => ConvKind::Stem,
            () => ConvKind::Convolution,
        };
        let runs = match kind {
            ConvKind::Stem => (kernel, stride) == (3, 2),
            ConvKind::Convolution => kernel == 3,
            ConvKind::Depthwise => kernel == 3 || kernel == 5,
            ConvKind::Pointwise | ConvKind::Dense => (kernel, stride) == (1, 1),
        };
        if !runs {
            return Err(format!("no {kind:?} has a {kernel}x{kernel} filter of stride {stride}"));
        }
        let size = input.size.div_ceil(stride);
        if size.saturating_mul(size).saturating_mul(out_channels) > MAX_MAP {
            return Err(format!("a map of {size} x {size} x {out_channels}"));
        }
        let activation = Activation::Linear;
        let conv =
            Conv { kind, kernel, stride, in_channels, out_channels, activation, batch_norm: false };
        Ok((conv, Map { size, channels: out_channels, pad: [0; 2], ..*input }))
    }

    fn check_padding(
        &mut self,
        same: bool,
        kernel: usize,
        stride: usize,
        input: &Map,
    ) -> Result<(), String> {
        let size = input.size;
        let outputs = size.div_ceil(stride);
        // Rows that all positions of the filter cover.
        let rows = (outputs - 1) * stride + kernel;
        let [before, after] = match input.pad {
            [0, 0] if same => {
                let all = rows.saturating_sub(size);
                [all / 2, all - all / 2]
            }
            pad if !same => pad,
            _ => return Err("it pads its input, and so does a PAD".to_owned()),
        };
        let padded = size + before + after;
        if padded < kernel || (padded - kernel) / stride + 1 != outputs {
            return Err(format!(
                "{before} rows of padding above and {after} below {size} don't give {outputs}"
            ));
        }
        self.same &= before == Padding::Same.before(size, kernel, stride);
        self.symmetric &= before == Padding::Symmetric.before(size, kernel, stride);
        if !self.same && !self.symmetric {
            return Err(format!("{before} rows of padding above contradict the layers before it"));
        }
        Ok(())
    }

    /// Adds an activation that is an operator of its own.
    pub fn activation(&mut self, input: Map, kind: Activation) -> Result<Map, String> {
        let before = &self.nodes[input.node].kind;
        let is_linear = |node: &ConvNode| node.conv.activation == Activation::Linear;
        let kind = if let (&NodeKind::Plus3(x), Activation::Relu6) = (before, kind) {
            NodeKind::Clipped(x)
        } else if before.conv().is_some_and(is_linear) {
            NodeKind::Activation(kind, input.node)
        } else {
            return Err("no convolution without an activation is before it".to_owned());
        };
        Ok(Map { node: self.push(kind), ..input })
    }

    /// Adds the sigmoid of a classifier's only output, and returns the node of the logits of two classes. The softmax of 0
    /// and x is the sigmoid of x for the second, so the first class has only zeros.
    pub fn sigmoid(&mut self, input: Map) -> Result<usize, String> {
        match self.nodes[input.node].kind.conv() {
            Some(&node)
                if input.pooled
                    && (input.channels, input.pad) == (1, [0; 2])
                    && node.conv.activation == Activation::Linear =>
            {
                let conv = Conv { out_channels: 2, ..node.conv };
                Ok(self.push(NodeKind::Conv(ConvNode { conv, binary: true, ..node })))
            }
            _ => Err(SIGMOID.to_owned()),
        }
    }

    /// Adds the mean of a map.
    pub fn pool(&mut self, input: Map) -> Map {
        if input.pooled {
            return input;
        }
        let node = self.push(NodeKind::Pool(input.node));
        Map { node, size: 1, pooled: true, ..input }
    }

    /// Adds the rows of zeros `[above, below]`, and as many columns, before the next convolution.
    pub fn pad(&self, input: Map, pad: [i64; 2]) -> Result<Map, String> {
        match pad {
            [before @ 0..=2, after @ 0..=2] if input.pad == [0; 2] => {
                Ok(Map { pad: [before as usize, after as usize], ..input })
            }
            _ => Err(format!("no layer needs the padding {pad:?}")),
        }
    }

    /// Adds the arithmetic of a map and a constant: normalisation of the input, or a part of h-swish or hard-sigmoid.
    /// `clipped` says that the operator itself limits its output to 0..6.
    pub fn with_constant(
        &mut self,
        map: Map,
        arithmetic: Arithmetic,
        values: [f64; 3],
        clipped: bool,
    ) -> Result<Map, String> {
        if let NodeKind::Input(affine) = self.nodes[map.node].kind {
            let affine = match arithmetic {
                Arithmetic::Add => affine.plus(values),
                Arithmetic::Subtract => affine.plus(values.map(|value| -value)),
                Arithmetic::Multiply => affine.times(values),
                Arithmetic::Divide => affine.times(values.map(|value| 1.0 / value)),
            };
            return Ok(Map { node: self.push(NodeKind::Input(affine)), ..map });
        }
        let is = |expected: f64| values.iter().all(|&value| near(value, expected));
        let sixth = match arithmetic {
            Arithmetic::Multiply => is(1.0 / 6.0),
            Arithmetic::Divide => is(6.0),
            Arithmetic::Add | Arithmetic::Subtract => false,
        };
        let adds3 = arithmetic == Arithmetic::Add && is(3.0);
        let kind = &self.nodes[map.node].kind;
        let conv = kind.conv().copied();
        // The convolution whose outputs lie in 0..6.
        let limited = if let NodeKind::Activation(Activation::Relu6, of) = *kind {
            self.nodes[of].kind.conv().copied()
        } else {
            conv.filter(ConvNode::clips)
        };
        let kind = match (kind, conv, limited) {
            (&NodeKind::Clipped(x), ..) if sixth => {
                NodeKind::Activation(Activation::HardSigmoid, x)
            }
            (&NodeKind::Times6(x), ..) if sixth => NodeKind::Activation(Activation::HardSwish, x),
            // Converters move the 3 of hard-sigmoid to the bias; this moves it back.
            (.., Some(node)) if sixth => {
                let conv = Conv { activation: Activation::Linear, ..node.conv };
                let (implied, shift) = (Activation::Linear, node.shift - 3.0);
                let x = self.push(NodeKind::Conv(ConvNode { conv, implied, shift, ..node }));
                NodeKind::Activation(Activation::HardSigmoid, x)
            }
            (_, Some(_), _) if adds3 && clipped => NodeKind::Clipped(map.node),
            (_, Some(_), _) if adds3 => NodeKind::Plus3(map.node),
            _ => return Err(format!("unexpected constant {}", values[0])),
        };
        Ok(Map { node: self.push(kind), ..map })
    }

    /// Adds the sum of two maps: a residual.
    pub fn sum(&mut self, [a, b]: [Map; 2]) -> Result<Map, String> {
        if (a.size, a.channels) != (b.size, b.channels) {
            return Err("its maps have different shapes".to_owned());
        }
        let node = self.push(NodeKind::Sum(a.node.min(b.node), a.node.max(b.node)));
        Ok(Map { node, ..a })
    }

    /// Adds the product of two maps: squeeze-and-excite, or a part of h-swish.
    pub fn product(&mut self, [a, b]: [Map; 2]) -> Result<Map, String> {
        for (x, y) in [(a, b), (b, a)] {
            let gates = y.pooled && !x.pooled && x.channels == y.channels;
            let kind = match (&self.nodes[y.node].kind, gates) {
                (&NodeKind::Activation(Activation::HardSigmoid, of), _) if of == x.node => {
                    NodeKind::Activation(Activation::HardSwish, of)
                }
                (&NodeKind::Clipped(of), _) if of == x.node => NodeKind::Times6(of),
                (NodeKind::Activation(Activation::HardSigmoid, _), true) => {
                    NodeKind::Scale { map: x.node, gate: y.node }
                }
                _ => continue,
            };
            return Ok(Map { node: self.push(kind), ..x });
        }
        Err("neither h-swish nor a map times the gates of squeeze-and-excite".to_owned())
    }
}

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= TOLERANCE * expected
}
