//! Writes `pkg/wasm/architectures.json`: the engine's networks layer by layer, for the page and the benchmark.

use std::fs;

use anyhow::Result;
use mobilenet_wasm::arch::{Config, Network, Version};
use serde_json::{Value, json};

use crate::project;

/// Writes the file next to the builds.
pub fn write() -> Result<()> {
    let dir = project::path("pkg/wasm");
    fs::create_dir_all(&dir)?;
    let mut text = serde_json::to_string(&all()?)?;
    text.push('\n');
    Ok(fs::write(dir.join("architectures.json"), text)?)
}

/// Every network at width 1 and 224 pixels; see `Architecture` in `pkg/index.d.ts`.
fn all() -> Result<Value> {
    let mut networks = Vec::new();
    for version in Version::ALL {
        let network = Network::new(&Config::new(version))?;
        let mut value = serde_json::to_value(&network)?;
        value["name"] = json!(version.to_string());
        value["parameters"] = json!(network.parameters());
        value["macs"] = json!(network.macs());
        networks.push(value);
    }
    Ok(Value::Array(networks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v2_reads_as_its_table() {
        let all = all().unwrap();
        let v2 = all.as_array().unwrap().iter().find(|network| network["version"] == "v2").unwrap();
        assert_eq!(v2["name"], "MobileNet V2");
        assert_eq!(v2["blocks"].as_array().unwrap().len(), 17);
        let expand = &v2["blocks"][1]["expand"];
        assert_eq!((&expand["inChannels"], &expand["outChannels"]), (&json!(16), &json!(96)));
        assert_eq!(expand["activation"], "relu6");
        assert_eq!(v2["blocks"][1]["depthwise"]["stride"], 2);
        assert_eq!(v2["blocks"][2]["residual"], true);
        assert_eq!(v2["blocks"][0]["expand"], Value::Null);
    }
}
