//! Fetches checkpoints from the Hugging Face Hub, or, if the Hub doesn't answer, from ModelScope or a host of the site's owner.

use std::fmt;
use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use mobilenet_wasm::arch::Version;

use crate::catalogue::Entry;
use crate::process::{run, say, seconds, which};
use crate::{checkpoint, debian, sha256};

/// The context of errors after which another source of weights should be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    OutOfReach,
    /// The response is not the file, but for example a proxy's sign-in page.
    OtherContent,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfReach => "the Hub is out of reach",
            Self::OtherContent => "what came from the Hub's address is not the file",
        })
    }
}

/// A site that has the catalogue's files.
struct Host {
    /// For people.
    name: &'static str,
    /// The address of a file, with places for `{repository}`, `{revision}` and `{file}`.
    template: String,
    /// Whether its files are those of the revision. Of other sites only files with a digest are taken.
    authentic: bool,
}

/// The sites that have the catalogue's files. They are asked in turn, the one that answered last first.
pub struct Hosts(Vec<Host>);

impl Hosts {
    /// `HF_ENDPOINT` replaces the Hub's address, as it does for the Hub's own clients. `WEIGHTS_HOST` adds a host of the
    /// site's owner, as it does for the page.
    pub fn known() -> Self {
        let hub = std::env::var("HF_ENDPOINT").unwrap_or_else(|_| "https://huggingface.co".into());
        let hosts = Self::at(&hub, "https://www.modelscope.cn");
        match std::env::var("WEIGHTS_HOST") {
            // An address below the page's says nothing here.
            Ok(template) if template.starts_with("http") => hosts.and_owners(template),
            _ => hosts,
        }
    }

    /// The Hub and ModelScope at these addresses.
    pub fn at(hub: &str, model_scope: &str) -> Self {
        Self(vec![
            Host {
                name: "the Hub",
                template: format!("{hub}/{{repository}}/resolve/{{revision}}/{{file}}"),
                authentic: true,
            },
            Host {
                name: "ModelScope",
                template: format!("{model_scope}/models/{{repository}}/resolve/master/{{file}}"),
                authentic: false,
            },
        ])
    }

    /// Adds a host of the owner's, which is asked last. `template` is the address of a file, as in [`Host`].
    pub fn and_owners(mut self, template: String) -> Self {
        self.0.push(Host { name: "the owner's host", template, authentic: false });
        self
    }

    /// Puts the files of `entry` into `dir`, and says where they came from. A file that is not what the catalogue says is
    /// an error and is not kept. If no site has them, the error is that of the one that was asked first.
    pub fn fetch(&mut self, entry: &Entry, dir: &Path) -> Result<String> {
        let mut first = None;
        for (place, host) in self.0.iter().enumerate() {
            if !host.authentic && entry.sha256.is_none() {
                continue;
            }
            match host.fetch(entry, dir) {
                Ok(()) => {
                    let source =
                        format!("{}: {} at {}", host.name, entry.repository, entry.revision);
                    self.0[..=place].rotate_right(1);
                    return Ok(source);
                }
                Err(error) if error.is::<Unavailable>() => first = first.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(first.with_context(|| format!("no site has {}", entry.name))?)
    }
}

impl Host {
    fn fetch(&self, entry: &Entry, dir: &Path) -> Result<()> {
        let start = Instant::now();
        say("models", format_args!("fetching {} from {}", entry.name, self.name));
        fs::create_dir_all(dir)?;
        let weights = dir.join("model.safetensors");
        // Without a digest the settings are needed to tell what the file is.
        fs::write(dir.join("config.json"), serde_json::to_vec(&entry.config)?)?;
        download(&self.address(entry, &entry.file), &weights)?;
        check(entry, &weights)
            .with_context(|| format!("what was sent for {} is not kept", entry.name))
            .context(Unavailable::OtherContent)?;
        say("models", format_args!("{} fetched in {}", entry.name, seconds(start)));
        Ok(())
    }

    fn address(&self, entry: &Entry, file: &str) -> String {
        self.template
            .replace("{repository}", &entry.repository)
            .replace("{revision}", &entry.revision)
            .replace("{file}", file)
    }
}

/// Checks that `weights` is the file of the catalogue, by its digest, or by its tensors if no digest is known.
fn check(entry: &Entry, weights: &Path) -> Result<()> {
    if let Some(expected) = &entry.sha256 {
        let size = fs::metadata(weights)?.len();
        let sha256 = sha256::of_file(weights)?;
        if (size, &sha256) != (entry.bytes, expected) {
            bail!(
                "it has {size} bytes, SHA-256 {sha256}; the catalogue says {} bytes, {expected}",
                entry.bytes
            );
        }
        return Ok(());
    }
    let found = checkpoint::read(weights)?;
    if (found.version, found.width) != (Some(entry.version), entry.width) {
        let version = found.version.map_or("another network", Version::name);
        bail!("it holds {version} {}, not {} {}", found.width, entry.version, entry.width);
    }
    Ok(())
}

fn download(address: &str, file: &Path) -> Result<()> {
    if which("curl").is_none() {
        debian::ensure(&["curl", "ca-certificates"], "to fetch weights")
            .context("install curl, or take weights from a folder with --from")?;
    }
    let progress: &[&str] = if std::io::stderr().is_terminal() {
        &["--progress-bar"]
    } else {
        &["--silent", "--show-error"]
    };
    run(Command::new("curl")
        .args(progress)
        .args(["--fail", "--location", "--connect-timeout", "5"])
        // Gives up a transfer that stalls, but not a slow one.
        .args(["--speed-limit", "1000", "--speed-time", "20"])
        .arg("--output")
        .arg(file)
        .arg(address))
    .context(Unavailable::OutOfReach)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn a_file_that_is_not_the_catalogue_s_is_refused() {
        let header = br#"{"blocks.4.1.conv_pw.weight":{"dtype":"F32","shape":[1024,1],"data_offsets":[0,8]}}"#;
        let file = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 8]].concat();
        let path = std::env::temp_dir().join(format!("hub-{}", std::process::id()));
        fs::write(&path, &file).unwrap();
        let mut entry = catalogue::read().unwrap().swap_remove(0);
        let error = |entry: &Entry| check(entry, &path).err().map(|error| format!("{error:#}"));

        assert!(error(&entry).unwrap().contains("SHA-256"));
        entry.bytes = file.len() as u64;
        entry.sha256 = Some(sha256::of_bytes(&file));
        assert_eq!(error(&entry), None);
        entry.sha256 = None;
        assert!(error(&entry).unwrap().contains("could not load it"));
        fs::remove_file(path).unwrap();
    }
}
