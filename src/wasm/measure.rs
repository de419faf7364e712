//! What is timed by itself, as JavaScript has it.

use super::now;
use crate::arch::ConvKind;
use crate::error::Error;
use crate::kernels::curve::Curve;
use crate::measure::{self, Layer};
use crate::simd::Native;
use wasm_bindgen::prelude::*;

/// Times a layer: `[multiply-accumulates, milliseconds]`.
#[wasm_bindgen(js_name = timeLayer)]
pub fn time_layer(
    kind: &str,
    kernel: usize,
    in_channels: usize,
    out_channels: usize,
    height: usize,
    width: usize,
) -> Result<Vec<f64>, JsValue> {
    let kind = match kind {
        "convolution" => ConvKind::Convolution,
        "depthwise" => ConvKind::Depthwise,
        "pointwise" => ConvKind::Pointwise,
        _ => {
            let reason = format!("there is no layer \"{kind}\" to time");
            return Err(Error::Timed { reason }.into());
        }
    };
    let layer = Layer { kind, kernel, in_channels, out_channels, height, width };
    let time = measure::time_layer::<Native>(&layer, &mut now)?;
    Ok(vec![layer.macs() as f64, time])
}

/// Times a million values of an activation. Milliseconds.
#[wasm_bindgen(js_name = timeActivation)]
pub fn time_activation(name: &str) -> Result<f64, JsValue> {
    let curve = Curve::parse(name).ok_or_else(|| Error::Timed {
        reason: format!("there is no activation \"{name}\" to time"),
    })?;
    Ok(measure::time_curve::<Native>(curve, &mut now)?)
}
