//! A picture in wasm memory, taken from what a browser has pictures in.

use crate::buffer::with_room;
use crate::error::Error;
use crate::model::{Model, Source};
use crate::preprocess::{Rect, ResizeCache, RgbaPart};
use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{
    ContextAttributes2d, DomRectInit, ImageBitmap, OffscreenCanvas,
    OffscreenCanvasRenderingContext2d, PlaneLayout, VideoFrame, VideoFrameCopyToOptions,
    VideoPixelFormat,
};

/// Bytes of a picture that are kept for the next one: a camera's of 2048 x 2048 pixels.
const KEPT: usize = 16 << 20;

/// Bytes of a pixel.
const RGBA: usize = 4;

/// One picture, or the part of it that networks read. Made once, and used for every picture: a camera's frames need no new
/// memory.
#[wasm_bindgen]
#[derive(Default)]
pub struct Frame {
    size: (usize, usize),
    rect: Rect,
    /// RGBA of `rect`, opaque.
    pixels: Vec<u8>,
    /// What networks have resized of this picture.
    cache: ResizeCache,
    canvas: Option<OffscreenCanvasRenderingContext2d>,
}

#[wasm_bindgen]
impl Frame {
    /// No picture yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the rectangle `rect`, `[x, y, width, height]`, of `image`, which shows `width` x `height` pixels: a `VideoFrame`,
    /// an `ImageBitmap`, or the bytes of the whole picture, RGBA, not premultiplied. What is transparent is read over white.
    ///
    /// The promise of an opaque `VideoFrame` is the browser's own copy into this memory: nothing else may be called before it
    /// is done. Where it fails, [`Frame::draw`] may not.
    pub fn read(
        &mut self,
        image: &JsValue,
        width: usize,
        height: usize,
        rect: &[u32],
    ) -> Result<Option<Promise>, JsValue> {
        self.begin(width, height, rect)?;
        if let Some(frame) = image.dyn_ref::<VideoFrame>() {
            if let Some(corner) = plain_corner(frame, width, height) {
                return self.copy(frame, corner).map(Some);
            }
        } else if let Some(bytes) = image.dyn_ref::<js_sys::Uint8ClampedArray>() {
            self.take(bytes)?;
            return Ok(None);
        }
        self.draw_image(image)?;
        Ok(None)
    }

    /// Reads a `VideoFrame` or an `ImageBitmap` by way of a canvas, as every browser can.
    pub fn draw(
        &mut self,
        image: &JsValue,
        width: usize,
        height: usize,
        rect: &[u32],
    ) -> Result<(), JsValue> {
        self.begin(width, height, rect)?;
        self.draw_image(image)
    }
}

impl Frame {
    /// Prepares the picture for a network, once it has been read.
    pub(super) fn prepare(&mut self, model: &mut Model) -> Result<(), Error> {
        let stride = self.rect.width * RGBA;
        let part = RgbaPart::new(self.size, self.rect, stride, &self.pixels)?;
        model.prepare_cached(part, &mut self.cache)
    }

    /// The picture, for whatever else a network does with it.
    pub(super) fn source(&self) -> Result<Source<'_>, Error> {
        let stride = self.rect.width * RGBA;
        Ok(Source::Picture(RgbaPart::new(self.size, self.rect, stride, &self.pixels)?))
    }

    /// Pixels of the picture's short side.
    pub(super) fn short_side(&self) -> usize {
        self.size.0.min(self.size.1)
    }

    /// Makes room for a part of another picture.
    fn begin(&mut self, width: usize, height: usize, rect: &[u32]) -> Result<(), Error> {
        let &[x, y, part_width, part_height] = rect else {
            return Err(Error::ImageRect { width, height, rect: Rect::default() });
        };
        let [x, y, part_width, part_height] =
            [x, y, part_width, part_height].map(|side| side as usize);
        let rect = Rect { x, y, width: part_width, height: part_height };
        let len = part_width.saturating_mul(part_height).saturating_mul(RGBA);
        self.cache.clear();
        if self.pixels.capacity() < len || self.pixels.capacity() > KEPT.max(len) {
            // First, so that the memory need not hold both.
            self.pixels = Vec::new();
            self.pixels = with_room(len)?;
        }
        self.pixels.resize(len, 0);
        (self.size, self.rect) = ((width, height), rect);
        Ok(())
    }

    /// Has the browser copy the rectangle of a frame whose first pixel is at `corner`.
    fn copy(&mut self, frame: &VideoFrame, corner: (usize, usize)) -> Result<Promise, JsValue> {
        let Rect { x, y, width, height } = self.rect;
        let rect = DomRectInit::new();
        rect.set_x((corner.0 + x) as f64);
        rect.set_y((corner.1 + y) as f64);
        rect.set_width(width as f64);
        rect.set_height(height as f64);
        let options = VideoFrameCopyToOptions::new();
        options.set_rect(&rect);
        options.set_format(VideoPixelFormat::Rgba);
        let stride = (width * RGBA) as u32;
        options.set_layout(&[PlaneLayout::new(0, stride)]);
        // SAFETY: the view is of `pixels`, which stays as it is until the caller has awaited the promise; if the memory
        // grew meanwhile the view would be empty, and the promise be rejected.
        let view = unsafe { Uint8Array::view_mut_raw(self.pixels.as_mut_ptr(), self.pixels.len()) };
        Ok(frame.copy_to_with_u8_array_and_options(&view, &options).unchecked_into())
    }

    /// Takes the rectangle of a whole picture's bytes, over white.
    fn take(&mut self, bytes: &js_sys::Uint8ClampedArray) -> Result<(), Error> {
        let (width, height) = self.size;
        let expected = width as u64 * height as u64 * RGBA as u64;
        let got = bytes.length() as usize;
        if got as u64 != expected {
            return Err(Error::ImageLength { width, height, expected, got });
        }
        let rect = self.rect;
        if rect.width == 0 {
            return Ok(());
        }
        for (row, pixels) in self.pixels.chunks_exact_mut(rect.width * RGBA).enumerate() {
            let start = ((rect.y + row) * width + rect.x) * RGBA;
            let end = start + rect.width * RGBA;
            bytes.subarray(start as u32, end as u32).copy_to(pixels);
        }
        over_white(&mut self.pixels);
        Ok(())
    }

    fn draw_image(&mut self, image: &JsValue) -> Result<(), JsValue> {
        let Rect { x, y, width, height } = self.rect;
        let context = self.context(width, height)?;
        let [x, y, w, h] = [x, y, width, height].map(|side| side as f64);
        context.fill_rect(0.0, 0.0, w, h);
        if let Some(frame) = image.dyn_ref::<VideoFrame>() {
            context.draw_image_with_video_frame_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                frame, x, y, w, h, 0.0, 0.0, w, h,
            )?;
        } else {
            context.draw_image_with_image_bitmap_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                image.unchecked_ref::<ImageBitmap>(),
                x,
                y,
                w,
                h,
                0.0,
                0.0,
                w,
                h,
            )?;
        }
        let data = context.get_image_data(0.0, 0.0, w, h)?;
        // Not `data.data()`, which would copy the pixels to new memory, and end in a trap where there is none.
        let bytes: js_sys::Uint8ClampedArray =
            Reflect::get(&data, &"data".into())?.unchecked_into();
        bytes.copy_to(&mut self.pixels);
        Ok(())
    }

    /// A white canvas of this size. In main memory, since every picture is read back.
    fn context(
        &mut self,
        width: usize,
        height: usize,
    ) -> Result<OffscreenCanvasRenderingContext2d, JsValue> {
        if let Some(context) = &self.canvas {
            let canvas = context.canvas();
            if (canvas.width() as usize, canvas.height() as usize) == (width, height) {
                return Ok(context.clone());
            }
        }
        let canvas = OffscreenCanvas::new(width as u32, height as u32)?;
        let settings = ContextAttributes2d::new();
        settings.set_alpha(false);
        settings.set_will_read_frequently(true);
        let context = canvas.get_context_with_context_options("2d", &settings)?;
        let Some(context) = context else {
            return Err(Error::OutOfMemory { bytes: (width * height * RGBA) as u64 }.into());
        };
        let context: OffscreenCanvasRenderingContext2d = context.unchecked_into();
        context.set_fill_style_str("white");
        self.canvas = Some(context.clone());
        Ok(context)
    }
}

/// Where the first pixel of an opaque frame is that is shown pixel by pixel, neither scaled nor turned; the others take a
/// canvas.
fn plain_corner(frame: &VideoFrame, width: usize, height: usize) -> Option<(usize, usize)> {
    use VideoPixelFormat::{Bgrx, I420, I422, I444, Nv12, Rgbx};
    if !matches!(frame.format()?, I420 | I422 | I444 | Nv12 | Rgbx | Bgrx) {
        return None;
    }
    let visible = frame.visible_rect()?;
    if (visible.width(), visible.height()) != (width as f64, height as f64) {
        return None;
    }
    // Newer browsers turn frames; to the others these are undefined.
    let turned = Reflect::get(frame, &"rotation".into()).ok()?.as_f64().is_some_and(|it| it != 0.0);
    let flipped = Reflect::get(frame, &"flip".into()).ok()?.is_truthy();
    (!turned && !flipped).then(|| (visible.x() as usize, visible.y() as usize))
}

/// Composites onto white what isn't opaque.
fn over_white(rgba: &mut [u8]) {
    for [red, green, blue, alpha] in rgba.as_chunks_mut::<RGBA>().0 {
        if *alpha != 255 {
            let opacity = u32::from(*alpha);
            for channel in [red, green, blue] {
                let sum = u32::from(*channel) * opacity + 255 * (255 - opacity);
                *channel = ((2 * sum + 255) / 510) as u8;
            }
            *alpha = 255;
        }
    }
}
