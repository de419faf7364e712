"""Writes synthetic.bin and photos.bin: what the libraries make of some pictures.

    python make.py [folder of the photos]

Needs torch, torchvision, timm, transformers, numpy and pillow; written with torch 2.15.0, torchvision 0.29.2, timm
1.0.31, transformers 5.24.0 and pillow 13.0.0. Without the folder only synthetic.bin is written. tests/preprocess.rs
reads both files and makes the same synthetic pictures.

A file is a row of records, little-endian:

    u8  length of the photo's file name, 0 for a synthetic picture; the name follows
    u32 width, height, seed of the picture
    u32 short side after the resize, crop
    u32 library: 0 timm and torchvision, 1 transformers
    u32 filter: 2 bilinear, 3 bicubic (Pillow's numbers)
    u32 step: every step-th row and column of the crop is in the record
    u32 Adler-32 of the picture's RGBA bytes
    u32 Adler-32 of the whole crop's RGB bytes
    u8  the samples: rows, columns, RGB
"""

import json
import struct
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from timm.data import create_transform
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification
from transformers import AutoImageProcessor
from transformers.image_utils import SizeDict

HERE = Path(__file__).parent
FILTERS = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC]

# width, height, short side, crop, step
SYNTHETIC = [
    (97, 61, 28, 24, 3),  # shrinks, odd sides
    (60, 101, 28, 24, 3),
    (300, 200, 16, 16, 3),  # shrinks by much
    (33, 32, 32, 32, 3),  # hardly changes
    (32, 32, 32, 24, 3),  # keeps its size
    (13, 9, 32, 28, 3),  # grows
    (5, 7, 31, 24, 3),
    (64, 64, 25, 24, 3),  # leaves over 1, 3, 5, 7 pixels
    (64, 64, 27, 24, 3),
    (64, 64, 29, 24, 3),
    (64, 64, 31, 24, 3),
    (3, 200, 18, 16, 3),  # tall, wide
    (200, 3, 18, 16, 3),
    (1, 1, 14, 12, 3),  # a side of one pixel
    (1, 50, 20, 16, 3),
    (50, 1, 20, 16, 3),
    (2, 2, 20, 16, 3),
    (30, 30, 20, 24, 3),  # smaller than the crop: even and odd padding
    (30, 30, 20, 25, 3),
    (40, 30, 20, 25, 3),  # only the height is
    (30, 47, 20, 25, 3),  # only the width is
    (640, 480, 256, 224, 16),  # a camera's frames
    (1280, 720, 256, 224, 16),
    (1920, 1080, 256, 224, 16),
    (1080, 1920, 235, 224, 16),
    (320, 240, 365, 320, 16),
    (640, 480, 109, 96, 16),
    (640, 427, 256, 224, 32),  # photos of 3:2, 4:3 and 16:9, upright too, and small ones
    (741, 500, 256, 224, 32),
    (427, 640, 256, 224, 32),
    (667, 500, 256, 224, 32),
    (853, 480, 256, 224, 32),
    (333, 500, 235, 224, 32),
    (150, 101, 256, 224, 32),
    (100, 177, 146, 128, 32),
]

PHOTOS = ["burger.jpg", "chelsea.png", "coffee.png", "hot_dog.jpg", "parrot.jpg"]
PHOTO_STEP = 8


def synthetic(width, height, seed):
    """Stripes of noise over a ramp with hard edges, alpha included. 32-bit integers only."""
    x = np.arange(width, dtype=np.uint32)[None, :, None]
    y = np.arange(height, dtype=np.uint32)[:, None, None]
    c = np.arange(4, dtype=np.uint32)[None, None, :]
    with np.errstate(over="ignore"):
        noise = (
            x * np.uint32(0x9E3779B1)
            ^ y * np.uint32(0x85EBCA77)
            ^ c * np.uint32(0xC2B2AE3D)
            ^ np.uint32(seed) * np.uint32(0x27D4EB2F)
        )
        noise ^= noise >> np.uint32(15)
        noise *= np.uint32(0x2C1B3C6D)
        noise ^= noise >> np.uint32(12)
        ramp = x * np.uint32(7) + y * np.uint32(5) + c * np.uint32(50)
    noisy = (x // np.uint32(5) + y // np.uint32(3)) % np.uint32(3) == 0
    return (np.where(noisy, noise, ramp) & np.uint32(255)).astype(np.uint8)


def with_timm(image, short, crop, resampling):
    transform = create_transform(
        input_size=(3, crop, crop),
        crop_pct=crop / (short + 0.5),  # timm rounds the quotient down
        interpolation={Image.Resampling.BILINEAR: "bilinear", Image.Resampling.BICUBIC: "bicubic"}[resampling],
        mean=(0, 0, 0),
        std=(1, 1, 1),
    )
    return as_bytes(transform(image))


def with_torchvision(image, short, crop, resampling):
    interpolation = {
        Image.Resampling.BILINEAR: InterpolationMode.BILINEAR,
        Image.Resampling.BICUBIC: InterpolationMode.BICUBIC,
    }[resampling]
    transform = ImageClassification(
        crop_size=crop, resize_size=short, mean=(0, 0, 0), std=(1, 1, 1), interpolation=interpolation
    )
    return as_bytes(transform(image))


def with_transformers(image, short, crop, resampling):
    """transformers has two implementations. The one that `AutoImageProcessor` picks where torchvision is installed
    resizes with PyTorch, whose bytes may be 1 or 2 away from Pillow's. The other resizes with Pillow and crops the
    same, but puts the odd pixel of a padding before the picture. The goldens have Pillow's resize, the first's crop.
    """
    config = {
        "image_processor_type": "MobileNetV1ImageProcessor",
        "size": {"shortest_edge": short},
        "crop_size": {"height": crop, "width": crop},
        "resample": int(resampling),
        "do_normalize": False,
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "preprocessor_config.json").write_text(json.dumps(config))
        default, pillow = [AutoImageProcessor.from_pretrained(folder, backend=name) for name in [None, "pil"]]
    assert default.backend == "torchvision" and pillow.backend == "pil"
    resized = pillow.resize(
        np.moveaxis(np.asarray(image), -1, 0), SizeDict(shortest_edge=short), Image.Resampling(resampling)
    )
    cropped = default.center_crop(torch.tensor(resized), SizeDict(height=crop, width=crop)).permute(1, 2, 0).numpy()
    by_default, by_pillow = [
        as_bytes(torch.as_tensor(processor(image, return_tensors="np")["pixel_values"][0]))
        for processor in [default, pillow]
    ]
    difference = np.abs(cropped.astype(int) - by_default)
    assert difference.max() <= 2 and (difference > 1).mean() < 1e-4
    if short >= crop:
        assert np.array_equal(cropped, by_pillow)
    return cropped


def as_bytes(planes):
    """Bytes of height x width x 3 from 3 x height x width values of 0 to 1."""
    values = planes.double().permute(1, 2, 0).numpy() * 255
    assert np.abs(values - values.round()).max() < 1e-3
    return values.round().astype(np.uint8)


def crops(image, short, crop, resampling):
    """What each library of the record's numbers makes of it."""
    timm = with_timm(image, short, crop, resampling)
    assert np.array_equal(timm, with_torchvision(image, short, crop, resampling))
    return [timm, with_transformers(image, short, crop, resampling)]


def records(name, rgba, seed, short, crop, resampling, step):
    """The file's records of a picture. `rgba` is an array of height x width x 4 bytes."""
    height, width, _ = rgba.shape
    image = Image.fromarray(rgba).convert("RGB")
    encoded = name.encode()
    for library, cropped in enumerate(crops(image, short, crop, resampling)):
        assert cropped.shape == (crop, crop, 3)
        head = struct.pack(
            "<10I",
            width,
            height,
            seed,
            short,
            crop,
            library,
            resampling,
            step,
            zlib.adler32(rgba.tobytes()),
            zlib.adler32(cropped.tobytes()),
        )
        yield bytes([len(encoded)]) + encoded + head + cropped[::step, ::step].tobytes()


def main():
    with open(HERE / "synthetic.bin", "wb") as file:
        for seed, (width, height, short, crop, step) in enumerate(SYNTHETIC):
            rgba = synthetic(width, height, seed)
            for resampling in FILTERS:
                file.writelines(records("", rgba, seed, short, crop, resampling, step))
    if len(sys.argv) > 1:
        with open(HERE / "photos.bin", "wb") as file:
            for name in PHOTOS:
                rgba = np.asarray(Image.open(Path(sys.argv[1]) / name).convert("RGBA"))
                for resampling in FILTERS:
                    file.writelines(records(name, rgba, 0, 256, 224, resampling, PHOTO_STEP))


main()
