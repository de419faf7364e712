//! Finds the blocks of a MobileNet in a reduced graph.

use super::builder::Lowered;
use super::node::{ConvNode, Node, NodeKind};
use crate::arch::{Activation, Block, Conv, ConvKind, Site, SqueezeExcite};
use crate::error::Error;

/// The layers of a network, and the nodes that they come from.
pub(super) struct Layers {
    pub stem: Conv,
    pub blocks: Vec<Block>,
    pub last: Option<Conv>,
    pub head: Option<Conv>,
    pub classifier: Conv,
    /// The node of each site's convolution.
    pub sites: Vec<(Site, usize)>,
}

/// A step on the path from the picture to the logits.
#[derive(Clone, Copy)]
struct Step {
    /// The node of its output.
    value: usize,
    kind: StepKind,
}

#[derive(Clone, Copy)]
enum StepKind {
    /// The node of a convolution, and the activation after it.
    Conv(usize, Behind),
    /// Squeeze-and-excite with the node of the gates.
    Scale(usize),
    Pool,
    /// A residual; the node is the block's input.
    Sum(usize),
}

/// The activation after a convolution.
#[derive(Clone, Copy)]
enum Behind {
    /// An activation that the graph names.
    Named(Activation),
    /// The activation that the saturation of a quantised output amounts to.
    Implied(Activation),
}

impl Behind {
    fn activation(self) -> Activation {
        match self {
            Self::Named(activation) | Self::Implied(activation) => activation,
        }
    }

    /// The activation of a layer that is linear unless the graph names one. There, the range of a quantised output only
    /// reflects the calibration data.
    fn unless_implied(self) -> Activation {
        match self {
            Self::Named(activation) => activation,
            Self::Implied(_) => Activation::Linear,
        }
    }
}

/// Makes an error about the operator of this number, for this reason.
pub(super) type Misfit<'g> = &'g dyn Fn(u32, String) -> Error;

struct Matcher<'g> {
    misfit: Misfit<'g>,
    nodes: &'g [Node],
    sites: Vec<(Site, usize)>,
    blocks: Vec<Block>,
}

/// Finds stem, blocks and classifier.
pub(super) fn layers<'g>(misfit: Misfit<'g>, lowered: &'g Lowered) -> Result<Layers, Error> {
    let nodes = &lowered.nodes[..];
    let mut matcher = Matcher { misfit, nodes, sites: Vec::new(), blocks: Vec::new() };
    let steps = matcher.steps(lowered.output)?;
    let pool = steps.iter().position(|step| matches!(step.kind, StepKind::Pool));
    let (body, tail) = match pool.map(|pool| steps.split_at(pool)) {
        Some((body, [_, tail @ ..])) => (body, tail),
        _ => return Err(matcher.misfit(lowered.output, "no pooling comes before it")),
    };
    let [stem, body @ ..] = body else {
        return Err(matcher.misfit(steps[0].value, "no convolution comes before it"));
    };
    let stem_conv = matcher.take(Site::Stem, *stem)?;
    let last = matcher.body(stem.value, body)?;
    let last = last.map(|last| matcher.take(Site::Last, last)).transpose()?;
    let (head, classifier) = match *tail {
        [classifier] => (None, classifier),
        [head, classifier] => (Some(matcher.take(Site::Head, head)?), classifier),
        [] => return Err(matcher.misfit(lowered.output, "no classifier comes after it")),
        [.., surplus] => {
            return Err(matcher.misfit(surplus.value, "at most two dense layers are expected"));
        }
    };
    let classifier = matcher.take_linear(Site::Classifier, classifier)?;
    let Matcher { sites, blocks, .. } = matcher;
    Ok(Layers { stem: stem_conv, blocks, last, head, classifier, sites })
}

impl Matcher<'_> {
    /// An error about the operator that computes a node.
    fn misfit(&self, node: usize, reason: &str) -> Error {
        (self.misfit)(self.nodes[node].operator, reason.to_owned())
    }

    /// The steps that lead to the node `output`, in execution order.
    fn steps(&self, output: usize) -> Result<Vec<Step>, Error> {
        let mut steps = Vec::new();
        let mut value = output;
        loop {
            // `before` is always less than `value`, so the loop ends.
            let (kind, before) = match self.nodes[value].kind {
                NodeKind::Input(_) => break,
                NodeKind::Conv(ref conv) => (StepKind::Conv(value, own(conv)), conv.input),
                NodeKind::Activation(activation, of) => {
                    let conv = self.conv(of)?;
                    (StepKind::Conv(of, Behind::Named(activation)), conv.input)
                }
                NodeKind::Scale { map, gate } => (StepKind::Scale(gate), map),
                NodeKind::Pool(map) => (StepKind::Pool, map),
                NodeKind::Sum(source, branch) => (StepKind::Sum(source), branch),
                NodeKind::Plus3(_) | NodeKind::Clipped(_) | NodeKind::Times6(_) => {
                    return Err(self.misfit(value, "an incomplete h-swish or hard-sigmoid"));
                }
            };
            steps.push(Step { value, kind });
            value = before;
        }
        steps.reverse();
        Ok(steps)
    }

    fn conv(&self, node: usize) -> Result<&ConvNode, Error> {
        let conv = self.nodes[node].kind.conv();
        conv.ok_or_else(|| self.misfit(node, "a convolution is expected here"))
    }

    /// A step's convolution, its node, and the activation after it.
    fn convolution(&self, step: Step) -> Result<(usize, &ConvNode, Behind), Error> {
        match step.kind {
            StepKind::Conv(node, behind) => Ok((node, self.conv(node)?, behind)),
            StepKind::Scale(_) | StepKind::Pool | StepKind::Sum(_) => {
                Err(self.misfit(step.value, "a convolution is expected here"))
            }
        }
    }

    /// Makes a step's convolution the layer of a site.
    fn take(&mut self, site: Site, step: Step) -> Result<Conv, Error> {
        let (node, conv, behind) = self.convolution(step)?;
        let conv = Conv { activation: behind.activation(), ..conv.conv };
        self.sites.push((site, node));
        Ok(conv)
    }

    /// Like [`Matcher::take`], for a layer that is linear unless the graph names an activation.
    fn take_linear(&mut self, site: Site, step: Step) -> Result<Conv, Error> {
        let (.., behind) = self.convolution(step)?;
        Ok(Conv { activation: behind.unless_implied(), ..self.take(site, step)? })
    }

    /// Finds the blocks between stem and pooling; returns the last convolution after them, if there is one. `value` is
    /// the node of the stem's output.
    fn body(&mut self, mut value: usize, mut steps: &[Step]) -> Result<Option<Step>, Error> {
        while let [first, rest @ ..] = steps {
            let is_sum =
                |step: &Step| matches!(step.kind, StepKind::Sum(source) if source == value);
            if let Some(sum) = steps.iter().position(is_sum) {
                self.block(&steps[..sum], true, steps[sum].value)?;
                (value, steps) = (steps[sum].value, &steps[sum + 1..]);
                continue;
            }
            if rest.is_empty() && self.mixes(first) {
                return Ok(Some(*first));
            }
            let len = self.len(steps);
            let (block, rest) = steps.split_at(len.min(steps.len()));
            value = block[block.len() - 1].value;
            self.block(block, false, value)?;
            steps = rest;
        }
        Ok(None)
    }

    /// Whether a step is a convolution that sums over channels.
    fn mixes(&self, step: &Step) -> bool {
        self.is_kind(step, &[ConvKind::Pointwise, ConvKind::Convolution])
    }

    fn is_depthwise(&self, step: &Step) -> bool {
        self.is_kind(step, &[ConvKind::Depthwise])
    }

    fn is_kind(&self, step: &Step, kinds: &[ConvKind]) -> bool {
        self.convolution(*step).is_ok_and(|(_, node, _)| kinds.contains(&node.conv.kind))
    }

    /// Whether a step has no activation.
    fn is_linear(step: &Step) -> bool {
        matches!(step.kind, StepKind::Conv(_, behind) if behind.activation() == Activation::Linear)
    }

    /// Whether a block of V4 with a depthwise convolution before its expansion begins here. Only these depthwise
    /// convolutions are linear.
    fn starts(&self, steps: &[Step]) -> bool {
        match steps {
            [start, expand, next, ..] => {
                self.is_depthwise(start)
                    && Self::is_linear(start)
                    && self.mixes(expand)
                    && !Self::is_linear(expand)
                    && (self.is_depthwise(next) || self.mixes(next) && Self::is_linear(next))
            }
            _ => false,
        }
    }

    /// Number of steps of the block without a residual that begins here. If several divisions into blocks compute the
    /// same, this is the papers' division: an activation follows every expansion, and in a block without a depthwise
    /// convolution the projection has an activation only if it is alone.
    fn len(&self, steps: &[Step]) -> usize {
        let depthwise_at = |at: usize| steps.get(at).is_some_and(|step| self.is_depthwise(step));
        // The length up to and including a depthwise convolution, its squeeze-and-excite and the projection.
        let separable = |at: usize| {
            let is_scale = |step: &Step| matches!(step.kind, StepKind::Scale(_));
            at + 2 + usize::from(steps.get(at + 1).is_some_and(is_scale))
        };
        let starts = self.starts(steps);
        let expand = usize::from(starts);
        match () {
            () if !starts && depthwise_at(0) => separable(0),
            () if depthwise_at(expand + 1) && (starts || !self.starts(&steps[expand + 1..])) => {
                separable(expand + 1)
            }
            () => {
                let projects = |step: &Step| self.mixes(step) && Self::is_linear(step);
                let has_activation = steps.get(expand).is_some_and(|step| !Self::is_linear(step));
                let projected = steps.get(expand + 1).is_some_and(projects);
                expand + 1 + usize::from(starts || has_activation && projected)
            }
        }
    }

    /// Adds the block of these steps; `value` is the node of its output.
    fn block(&mut self, steps: &[Step], residual: bool, value: usize) -> Result<(), Error> {
        let index = self.blocks.len();
        let [before @ .., project] = steps else {
            return Err(self.misfit(value, "a residual without layers"));
        };
        if !self.mixes(project) {
            return Err(self.misfit(project.value, "a 1x1 convolution is expected to end a block"));
        }
        // Takes layers from the projection towards the input.
        let mut before = before;
        let (mut scale, mut depthwise, mut expand, mut start) = (None, None, None, None);
        if let [rest @ .., step] = before
            && let StepKind::Scale(gate) = step.kind
        {
            (scale, before) = (Some((gate, step.value)), rest);
        }
        if let [rest @ .., step] = before
            && self.is_depthwise(step)
        {
            (depthwise, before) = (Some(*step), rest);
        }
        if let [rest @ .., step] = before
            && self.mixes(step)
        {
            (expand, before) = (Some(*step), rest);
        }
        if let [rest @ .., step] = before
            && self.is_depthwise(step)
        {
            (start, before) = (Some(*step), rest);
        }
        if let Some(surplus) = before.last() {
            return Err(self.misfit(surplus.value, "it doesn't fit its block"));
        }
        let mut take =
            |site, step: Option<Step>| step.map(|step| self.take(site, step)).transpose();
        let start = take(Site::Start(index), start)?;
        let expand = take(Site::Expand(index), expand)?;
        let squeezed = depthwise.map(|step| step.value);
        let depthwise = take(Site::Depthwise(index), depthwise)?;
        let squeeze_excite = match (scale, squeezed) {
            (None, _) => None,
            (Some((gate, _)), Some(squeezed)) => Some(self.gates(index, gate, squeezed)?),
            (Some((_, value)), None) => {
                return Err(self.misfit(value, "a depthwise convolution is expected before it"));
            }
        };
        let site = Site::Project(index);
        let project =
            if residual { self.take_linear(site, *project) } else { self.take(site, *project) }?;
        self.blocks.push(Block { start, expand, depthwise, squeeze_excite, project, residual });
        Ok(())
    }

    /// The two layers that compute the gates of a block from the node `squeezed`.
    fn gates(
        &mut self,
        index: usize,
        gate: usize,
        squeezed: usize,
    ) -> Result<SqueezeExcite, Error> {
        let steps = self.steps(gate)?;
        match steps[..] {
            [.., from, pool, reduce, expand]
                if from.value == squeezed && matches!(pool.kind, StepKind::Pool) =>
            {
                let reduce = self.take(Site::SqueezeReduce(index), reduce)?;
                let expand = self.take(Site::SqueezeExpand(index), expand)?;
                Ok(SqueezeExcite { reduce, expand })
            }
            _ => Err(self.misfit(gate, "its gates are not computed from the map that they scale")),
        }
    }
}

/// The activation of a convolution operator itself.
fn own(conv: &ConvNode) -> Behind {
    let named = conv.conv.activation;
    if named == Activation::Linear { Behind::Implied(conv.implied) } else { Behind::Named(named) }
}
