//! Files of this crate: see [`crate::weights::folded`]. Their metadata has all settings.

use super::{Architecture, Conventions, Library, Module, tflite};
use crate::arch::{Network, Site, Version};

/// See the module.
pub(super) struct Folded;

impl Library for Folded {
    fn versions(&self) -> &'static [Version] {
        &[]
    }

    fn architecture(&self, _name: &str) -> Option<Architecture> {
        None
    }

    /// The file's metadata replaces what is used of them.
    fn conventions(&self, version: Version, tensorflow: bool) -> Conventions {
        tflite::Tflite.conventions(version, tensorflow)
    }

    /// The sites' own names. There is no batch normalisation.
    fn module(&self, _network: &Network, site: Site) -> Option<Module> {
        Some(Module { conv: site.to_string(), norm: String::new() })
    }

    fn block<'a>(&self, _tensor: &'a str) -> Option<&'a str> {
        None
    }

    fn is_linear(&self, site: Site) -> bool {
        matches!(
            site,
            Site::SqueezeReduce(_) | Site::SqueezeExpand(_) | Site::Head | Site::Classifier
        )
    }
}
