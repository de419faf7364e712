//! Finds or installs Chromium and its driver, for the tests in a browser.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::which;
use crate::{debian, project};

pub struct Browser {
    pub chromium: PathBuf,
    pub chromedriver: PathBuf,
}

/// Finds Chromium and its driver, or installs Debian's.
pub fn ensure() -> Result<Browser> {
    if let Some(browser) = find() {
        return Ok(browser);
    }
    debian::ensure(&["chromium", "chromium-driver"], "to run the tests in a browser").context(
        "install Chromium and the chromedriver of the same version, \
         and name them in the variables CHROME and CHROMEDRIVER if they are not on PATH",
    )?;
    find().context("Debian's chromium and chromium-driver are installed, but not on PATH")
}

fn find() -> Option<Browser> {
    let program = |variable, names: &[&str]| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .or_else(|| names.iter().find_map(|name| which(name)))
    };
    Some(Browser {
        chromium: program("CHROME", &["chromium", "chromium-browser", "google-chrome", "chrome"])?,
        chromedriver: program("CHROMEDRIVER", &["chromedriver"])?,
    })
}

impl Browser {
    /// Writes a copy of `webdriver.json` with this browser's path; returns the copy's path.
    pub fn webdriver_json(&self) -> Result<PathBuf> {
        let source = project::path("webdriver.json");
        let mut settings: Value =
            serde_json::from_slice(&fs::read(&source)?).with_context(|| project::shown(&source))?;
        settings["goog:chromeOptions"]["binary"] = self.chromium.to_string_lossy().into();
        let file = project::path("target/webdriver.json");
        fs::write(&file, serde_json::to_vec_pretty(&settings)?)?;
        Ok(file)
    }
}
