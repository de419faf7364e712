//! Sizes as transformers writes them: one number, a list of two, or an object with named sides.

use std::fmt;

use crate::weights::json::Json;

#[derive(Clone, Copy, Debug)]
pub(super) enum Size {
    /// The short side, or both sides.
    One(usize),
    Sides {
        height: usize,
        width: usize,
    },
}

impl Size {
    pub fn read(value: Json<'_>) -> Result<Self, String> {
        match value.text().as_bytes().first() {
            Some(b'[') => {
                value.read().map(|[height, width]: [usize; 2]| Self::Sides { height, width })
            }
            Some(b'{') => Self::named(value),
            _ => value.read().map(Self::One),
        }
    }

    fn named(value: Json<'_>) -> Result<Self, String> {
        let (mut shortest_edge, mut height, mut width) = (None, None, None);
        value.entries(|key, value| {
            let side = match key {
                "shortest_edge" => &mut shortest_edge,
                "height" => &mut height,
                "width" => &mut width,
                _ => return Ok(()),
            };
            *side = value.read()?;
            Ok(())
        })?;
        match (shortest_edge, height, width) {
            (Some(side), ..) => Ok(Self::One(side)),
            (None, Some(height), Some(width)) => Ok(Self::Sides { height, width }),
            (None, ..) => Err(value.error("expected `shortest_edge`, or `height` and `width`")),
        }
    }

    /// The side of a square.
    pub fn square(self) -> Option<usize> {
        match self {
            Self::One(side) => Some(side),
            Self::Sides { height, width } => (height == width).then_some(height),
        }
    }

    /// The short side. `None` if both sides are given.
    pub fn short_side(self) -> Option<usize> {
        match self {
            Self::One(side) => Some(side),
            Self::Sides { .. } => None,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(side) => write!(f, "{side}"),
            Self::Sides { height, width } => write!(f, "{height}x{width}"),
        }
    }
}
