//! `cargo xtask serve`: prepares everything that the page needs, then serves it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::models::{self, Source, Wanted};
use crate::process::say;
use crate::{node, project, wasm};

const DEFAULT_PORT: u16 = 8080;

/// Prepares and serves the page. Returns only on failure.
pub fn serve(port: Option<u16>, from: Option<PathBuf>) -> Result<()> {
    wasm::build(wasm::VARIANTS, wasm::Options::default())?;
    node::build_page()?;
    let source = from.map_or(Source::Hub(Wanted::Defaults), Source::Folder);
    // The page works without: it shows which networks lack weights, and can fetch them itself.
    if let Err(error) = models::install(&source) {
        say("models", format_args!("going on without new weights: {error:#}"));
    }
    let port = free_port(port)?;
    let mut server = Command::new(node::node()?);
    server.current_dir(project::path("www")).args([
        "serve.js",
        "--host",
        "127.0.0.1",
        "--port",
        &port.to_string(),
    ]);
    say("serve", format_args!("http://127.0.0.1:{port}/  (Ctrl-C ends it)"));
    // The server replaces this process, so that ending one ends both. `npm run serve` would leave the server running.
    use std::os::unix::process::CommandExt;
    Err(server.exec()).context("Node did not start")
}

/// The requested port, which must be free, or else the first free port from the default on.
fn free_port(asked: Option<u16>) -> Result<u16> {
    let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    if let Some(port) = asked {
        let listener =
            is_free(port).with_context(|| format!("port {port} can't be used: choose another"))?;
        // Port 0 means any free port.
        return Ok(listener.local_addr()?.port());
    }
    (DEFAULT_PORT..DEFAULT_PORT + 100)
        .find(|port| is_free(*port).is_ok())
        .context("no free port: choose one with --port")
}
