//! The networks by name, their families, and the papers' tables, one file for each paper.

mod efficientnet_lite;
mod mnasnet;
mod v1;
mod v2;
mod v3;
mod v4;

use super::table::Table;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The networks. A `Table` describes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// MobileNet V1 (arXiv 1704.04861).
    V1,
    /// MobileNet V2 (arXiv 1801.04381).
    V2,
    /// MobileNet V3-Small (arXiv 1905.02244, table 2).
    V3Small,
    /// MobileNet V3-Large (arXiv 1905.02244, table 1).
    V3Large,
    /// MobileNetV4-Conv-Small (arXiv 2404.10518, table 11).
    V4ConvSmall,
    /// MobileNetV4-Conv-Medium (arXiv 2404.10518, table 12).
    V4ConvMedium,
    /// MnasNet-B1 (arXiv 1807.11626), the network of the search without squeeze-and-excite.
    MnasNetB1,
    /// EfficientNet-Lite0: EfficientNet-B0 (arXiv 1905.11946) without squeeze-and-excite, with ReLU6.
    EfficientNetLite0,
}

/// Networks that share their rules, such as how widths are rounded and which forms exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// MobileNet V1.
    V1,
    /// MobileNet V2.
    V2,
    /// MobileNet V3.
    V3,
    /// MobileNetV4.
    V4,
    /// MnasNet.
    MnasNet,
    /// EfficientNet-Lite.
    EfficientNetLite,
}

impl Version {
    /// All networks in order of publication, with the two that are not MobileNets last.
    pub const ALL: [Self; 8] = [
        Self::V1,
        Self::V2,
        Self::V3Small,
        Self::V3Large,
        Self::V4ConvSmall,
        Self::V4ConvMedium,
        Self::MnasNetB1,
        Self::EfficientNetLite0,
    ];

    /// The network's table.
    pub(super) fn table(self) -> &'static Table {
        match self {
            Self::V1 => &v1::TABLE,
            Self::V2 => &v2::TABLE,
            Self::V3Small => &v3::SMALL,
            Self::V3Large => &v3::LARGE,
            Self::V4ConvSmall => &v4::CONV_SMALL,
            Self::V4ConvMedium => &v4::CONV_MEDIUM,
            Self::MnasNetB1 => &mnasnet::B1,
            Self::EfficientNetLite0 => &efficientnet_lite::LITE0,
        }
    }

    /// The name in the package's API: `v3-small`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.table().name
    }

    /// The version with this [`Version::name`]; `None` if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.name() == name)
    }

    /// The family that it belongs to.
    #[must_use]
    pub fn family(self) -> Family {
        self.table().family
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| D::Error::custom(format!("no version {name:?}")))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table().title)
    }
}
