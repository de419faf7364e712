//! Reads pictures from the browser's objects into wasm memory.

use crate::buffer::with_room;
use crate::error::Error;
use crate::model::{Model, Source};
use crate::preprocess::{Layout, Matrix, PicturePart, Rect, ResizeCache, WHOLE, Yuv};
use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{
    ContextAttributes2d, DomRectInit, ImageBitmap, OffscreenCanvas,
    OffscreenCanvasRenderingContext2d, PlaneLayout, VideoColorPrimaries, VideoFrame,
    VideoFrameCopyToOptions, VideoMatrixCoefficients, VideoPixelFormat,
    VideoTransferCharacteristics,
};

/// Bytes per pixel of RGBA.
const RGBA: usize = 4;

/// One picture, or the part of it that networks read. A worker makes one `Frame` and reuses it for every picture, so
/// the frames of a camera need no new memory.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Frame {
    size: (usize, usize),
    rect: Rect,
    /// Layout of the pixels of `rect` in `pixels`.
    layout: Layout,
    pixels: Vec<u8>,
    /// Whether the pixels may be transparent.
    alpha: bool,
    /// The resized forms of this picture, if they are kept.
    cache: Option<ResizeCache>,
    canvas: Option<OffscreenCanvasRenderingContext2d>,
}

#[wasm_bindgen]
impl Frame {
    /// An empty frame.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self {
            size: (0, 0),
            rect: Rect::default(),
            layout: Layout::Rgba,
            pixels: Vec::new(),
            alpha: false,
            cache: None,
            canvas: None,
        }
    }

    /// The largest rectangle that is read at once, in bytes of RGBA.
    #[wasm_bindgen(js_name = whole, getter)]
    pub fn whole(&self) -> usize {
        WHOLE
    }

    /// Starts a new picture of `width` x `height` pixels. With `keep`, its resized forms are kept, for several networks
    /// or for reading in strips.
    pub fn begin(&mut self, width: usize, height: usize, keep: bool) {
        self.size = (width, height);
        self.cache = keep.then(|| self.cache.take().unwrap_or_default());
        if let Some(cache) = &mut self.cache {
            cache.clear();
        }
    }

    /// Reads the rectangle `rect`, `[x, y, width, height]`, of `image`: a `VideoFrame`, an `ImageBitmap`, or the bytes
    /// of the whole picture as RGBA, not premultiplied. Transparent pixels are composited onto white.
    ///
    /// Returns `undefined` when the pixels are read, and `false` if reading needs a canvas: see [`Frame::draw`]. For a
    /// `VideoFrame`, returns the promise of the browser's copy into wasm memory; the caller must await it before any
    /// other call. If the promise is rejected, or [`Frame::translucent`] is then true, a canvas is needed too.
    pub fn read(&mut self, image: &JsValue, rect: &[u32]) -> Result<JsValue, JsValue> {
        if let Some(bytes) = image.dyn_ref::<js_sys::Uint8ClampedArray>() {
            self.make_room(rect, Layout::Rgba)?;
            self.take(bytes)?;
            return Ok(JsValue::UNDEFINED);
        }
        let frame = image.dyn_ref::<VideoFrame>();
        let Some((frame, plain)) = frame.and_then(|it| Some((it, Plain::of(it, self.size)?)))
        else {
            return Ok(JsValue::FALSE);
        };
        self.make_room(rect, plain.layout)?;
        self.alpha = plain.alpha;
        self.copy(frame, plain.corner).map(JsValue::from)
    }

    /// Whether some pixels copied from a `VideoFrame` are not opaque. Their colours may be premultiplied, since
    /// Chromium copies those of an `ImageBitmap` unchanged.
    pub fn translucent(&self) -> bool {
        // Combining whole pixels takes a third of the time of combining their alphas.
        let combined = |pixels: &[[u8; RGBA]]| {
            pixels.iter().fold(u32::MAX, |all, pixel| all & u32::from_le_bytes(*pixel))
        };
        self.alpha && combined(self.pixels.as_chunks().0) >> 24 != 255
    }

    /// Reads a `VideoFrame` or an `ImageBitmap` through a canvas, which works in every browser.
    pub fn draw(&mut self, image: &JsValue, rect: &[u32]) -> Result<(), JsValue> {
        self.make_room(rect, Layout::Rgba)?;
        self.draw_image(image)
    }
}

impl Frame {
    /// The rectangle to read next for a network; `None` if nothing is missing.
    pub(super) fn next_strip(&self, model: &mut Model) -> Result<Option<Rect>, Error> {
        self.cache.as_ref().map_or(Ok(None), |cache| model.next_strip(self.size, cache))
    }

    /// Resizes the pixels for a network, if the resized forms are kept.
    pub(super) fn resize(&mut self, model: &mut Model) -> Result<(), Error> {
        let Self { size, rect, layout, pixels, cache: Some(cache), .. } = self else {
            return Ok(());
        };
        model.resize_strip(PicturePart::with_layout(*size, *rect, *layout, pixels)?, cache)
    }

    /// The picture as input of a network.
    pub(super) fn source(&self) -> Result<Source<'_>, Error> {
        match &self.cache {
            Some(cache) => Ok(Source::Resized(cache)),
            None => Ok(Source::Picture(self.part()?)),
        }
    }

    fn part(&self) -> Result<PicturePart<'_>, Error> {
        PicturePart::with_layout(self.size, self.rect, self.layout, &self.pixels)
    }

    /// Length of the picture's shorter side in pixels.
    pub(super) fn short_side(&self) -> usize {
        self.size.0.min(self.size.1)
    }

    /// Makes room for the rectangle `rect` of the picture.
    fn make_room(&mut self, rect: &[u32], layout: Layout) -> Result<(), Error> {
        let (width, height) = self.size;
        let &[x, y, part_width, part_height] = rect else {
            return Err(Error::ImageRect { width, height, rect: Rect::default() });
        };
        let [x, y, width, height] = [x, y, part_width, part_height].map(|side| side as usize);
        let bytes = layout.bytes(width, height);
        let len = usize::try_from(bytes).map_err(|_| Error::OutOfMemory { bytes })?;
        if self.pixels.capacity() < len || self.pixels.capacity() > WHOLE.max(len) {
            // Frees the old memory first, so that both need not exist at the same time.
            self.pixels = Vec::new();
            self.pixels = with_room(len)?;
        }
        self.pixels.resize(len, 0);
        self.rect = Rect { x, y, width, height };
        (self.layout, self.alpha) = (layout, false);
        Ok(())
    }

    /// Lets the browser copy the rectangle. `corner` is the first visible pixel of `frame`.
    fn copy(&mut self, frame: &VideoFrame, corner: (usize, usize)) -> Result<Promise, JsValue> {
        let Rect { x, y, width, height } = self.rect;
        let rect = DomRectInit::new();
        rect.set_x((corner.0 + x) as f64);
        rect.set_y((corner.1 + y) as f64);
        rect.set_width(width as f64);
        rect.set_height(height as f64);
        let half = (width.div_ceil(2), height.div_ceil(2));
        // Offset and bytes per row of each plane.
        let planes: &[(usize, usize)] = match self.layout {
            Layout::Rgba | Layout::Bgra => &[(0, width * RGBA)],
            Layout::Nv12(_) => &[(0, width), (width * height, 2 * half.0)],
            Layout::I420(_) => {
                let u = width * height;
                &[(0, width), (u, half.0), (u + half.0 * half.1, half.0)]
            }
        };
        let planes: Vec<_> = planes
            .iter()
            .map(|&(offset, stride)| PlaneLayout::new(offset as u32, stride as u32))
            .collect();
        let options = VideoFrameCopyToOptions::new();
        options.set_rect(&rect);
        options.set_layout(&planes);
        // SAFETY: the view points to `pixels`, which doesn't change until the caller has awaited the promise. If the
        // memory grew meanwhile, the view would become empty and the promise would be rejected.
        let view = unsafe { Uint8Array::view_mut_raw(self.pixels.as_mut_ptr(), self.pixels.len()) };
        Ok(frame.copy_to_with_u8_array_and_options(&view, &options).unchecked_into())
    }

    /// Copies the rectangle from the bytes of the whole picture and composites it onto white.
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
        // `data.data()` would copy the pixels to new memory, and trap if the allocation failed.
        let bytes: js_sys::Uint8ClampedArray =
            Reflect::get(&data, &"data".into())?.unchecked_into();
        bytes.copy_to(&mut self.pixels);
        Ok(())
    }

    /// A white canvas of this size, kept in main memory because every picture is read back.
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

/// A frame whose pixels can be copied unchanged: it is neither scaled, rotated nor flipped, and its colours are sRGB or
/// luma and chroma with a known matrix. Other frames need a canvas.
struct Plain {
    layout: Layout,
    alpha: bool,
    /// The first visible pixel.
    corner: (usize, usize),
}

impl Plain {
    fn of(frame: &VideoFrame, (width, height): (usize, usize)) -> Option<Self> {
        use VideoPixelFormat::{Bgra, Bgrx, I420, Nv12, Rgba, Rgbx};
        let format = frame.format()?;
        // Other formats have more bits or more planes, or are unknown.
        let (layout, alpha) = if format == I420 {
            (Layout::I420(yuv_of(frame)?), false)
        } else if format == Nv12 {
            (Layout::Nv12(yuv_of(frame)?), false)
        } else if [Rgba, Rgbx].contains(&format) && is_srgb(frame) {
            (Layout::Rgba, format == Rgba)
        } else if [Bgra, Bgrx].contains(&format) && is_srgb(frame) {
            (Layout::Bgra, format == Bgra)
        } else {
            return None;
        };
        let visible = frame.visible_rect()?;
        if (visible.width(), visible.height()) != (width as f64, height as f64) {
            return None;
        }
        // Only newer browsers have these two properties; in others they are undefined.
        let turned =
            Reflect::get(frame, &"rotation".into()).ok()?.as_f64().is_some_and(|it| it != 0.0);
        let flipped = Reflect::get(frame, &"flip".into()).ok()?.is_truthy();
        let corner = (visible.x() as usize, visible.y() as usize);
        // Pixels in planes can only be copied from and to even columns and rows.
        let cut = matches!(layout, Layout::I420(_) | Layout::Nv12(_))
            && [corner.0, corner.1, width, height].iter().any(|side| side % 2 != 0);
        (!turned && !flipped && !cut).then_some(Self { layout, alpha, corner })
    }
}

/// Whether a frame is sRGB, the colour space of the training pictures. A bitmap of a file with a colour profile may
/// have another one, which a canvas converts.
fn is_srgb(frame: &VideoFrame) -> bool {
    let space = frame.color_space();
    space.primaries() == Some(VideoColorPrimaries::Bt709)
        && space.transfer() == Some(VideoTransferCharacteristics::Iec6196621)
}

/// The colour encoding of a frame in planes, if the frame declares it. `None` for high dynamic range, whose conversion
/// is left to the browser.
fn yuv_of(frame: &VideoFrame) -> Option<Yuv> {
    use VideoMatrixCoefficients as Coefficients;
    use VideoTransferCharacteristics as Transfer;
    let space = frame.color_space();
    let known = [
        (Coefficients::Bt709, Matrix::Bt709),
        (Coefficients::Bt470bg, Matrix::Bt601),
        (Coefficients::Smpte170m, Matrix::Bt601),
        (Coefficients::Bt2020Ncl, Matrix::Bt2020),
    ];
    let named = space.matrix()?;
    let (_, matrix) = known.into_iter().find(|(name, _)| *name == named)?;
    if let Some(Transfer::Pq | Transfer::Hlg) = space.transfer() {
        return None;
    }
    Some(Yuv { matrix, full_range: space.full_range()? })
}

/// Composites pixels that aren't opaque onto white.
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
