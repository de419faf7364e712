//! The target for the JSON files beside a checkpoint.

use std::sync::OnceLock;

use mobilenet_wasm::weights::Checkpoint;

use super::goldens::Golden;
use super::{memory, safetensors, within_bound};

/// The checkpoints to open with the JSON files, one of each library, by the names of their goldens.
pub const NETWORKS: [&str; 3] =
    ["timm-v1-0.25-160", "torchvision-v3-small-0.5-96", "transformers-v1-0.25-96"];

/// The files of the checkpoints, and the peak allocation to open each without a configuration.
static FILES: OnceLock<Vec<(Vec<u8>, usize)>> = OnceLock::new();

/// Opens a checkpoint with configuration files. `input` is the number of the checkpoint in one byte, then
/// `config.json`; a zero byte and `preprocessor_config.json` may follow.
pub fn config(input: &[u8]) {
    let Some((&number, texts)) = input.split_first() else {
        return;
    };
    let Ok(texts) = std::str::from_utf8(texts) else {
        return;
    };
    let (config, preprocessor) = match texts.split_once('\0') {
        Some((config, preprocessor)) => (config, Some(preprocessor)),
        None => (texts, None),
    };
    let files = FILES.get_or_init(|| NETWORKS.map(open_alone).into());
    let (file, alone) = &files[usize::from(number) % files.len()];
    let source = &file[..];
    let open = || {
        Checkpoint::open(&source, Some(config), preprocessor)
            .map(|opened| opened.labels().map(<[_]>::len))
    };
    if let Err(error) = within_bound(texts.len(), *alone, open) {
        let (code, message) = (error.code(), error.to_string());
        assert!(matches!(code, "BAD_CONFIG" | "UNKNOWN_NETWORK"), "{code}: {message}");
        assert!(message.len() < 8 << 10, "a message of {} bytes", message.len());
    }
}

/// A golden's file, and the peak allocation to open it without a configuration.
fn open_alone(name: &str) -> (Vec<u8>, usize) {
    let file = safetensors::file(&Golden::named(name).tensors());
    let source = &file[..];
    let (opened, peak) = memory::peak(|| Checkpoint::open(&source, None, None).map(|_| ()));
    opened.unwrap_or_else(|error| panic!("{name}: {error}"));
    (file, peak)
}
