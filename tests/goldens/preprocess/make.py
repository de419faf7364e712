"""Writes synthetic.bin and photos.bin: what Pillow and torchvision make of some pictures.

    python make.py [folder of the photos]

Needs numpy, pillow and torchvision; written with pillow 13.0.0 and torchvision 0.29.2. Without the
folder only synthetic.bin is written. tests/preprocess.rs reads both files and makes the same
synthetic pictures.

A file is a row of records, little-endian:

    u8  length of the photo's file name, 0 for a synthetic picture; the name follows
    u32 width, height, seed of the picture
    u32 short side after the resize, crop
    u32 filter: 2 bilinear, 3 bicubic (Pillow's numbers)
    u32 step: every step-th row and column of the crop is in the record
    u32 Adler-32 of the picture's RGBA bytes
    u32 Adler-32 of the whole crop's RGB bytes
    u8  the samples: rows, columns, RGB
"""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image
from torchvision.transforms import CenterCrop

HERE = Path(__file__).parent
FILTERS = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC]

# width, height, short side, crop, step
SYNTHETIC = [
    (97, 61, 28, 24, 1),  # shrinks, odd sides
    (60, 101, 28, 24, 1),
    (300, 200, 16, 16, 1),  # shrinks by much
    (33, 32, 32, 32, 2),  # hardly changes
    (32, 32, 32, 24, 2),  # keeps its size
    (13, 9, 32, 28, 2),  # grows
    (5, 7, 31, 24, 2),
    (64, 64, 25, 24, 2),  # leaves over 1, 3, 5, 7 pixels
    (64, 64, 27, 24, 2),
    (64, 64, 29, 24, 2),
    (64, 64, 31, 24, 2),
    (3, 200, 18, 16, 1),  # tall, wide
    (200, 3, 18, 16, 1),
    (1, 1, 14, 12, 2),  # a side of one pixel
    (1, 50, 20, 16, 2),
    (50, 1, 20, 16, 2),
    (2, 2, 20, 16, 1),
    (30, 30, 20, 24, 2),  # smaller than the crop: even and odd padding
    (30, 30, 20, 25, 2),
    (40, 30, 20, 25, 2),  # only the height is
    (30, 47, 20, 25, 2),  # only the width is
    (640, 480, 256, 224, 9),  # camera frames
    (1280, 720, 256, 224, 9),
    (1920, 1080, 256, 224, 9),
    (1080, 1920, 235, 224, 9),
    (320, 240, 365, 320, 9),
    (640, 480, 109, 96, 9),
]

PHOTOS = ["burger.jpg", "chelsea.png", "coffee.png", "hot_dog.jpg", "parrot.jpg"]
PHOTO_STEP = 6


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


def resize(image, short, resampling):
    """The short side to `short`, the long side to the nearest whole number, halves up."""
    least = min(image.size)
    size = [(2 * short * side + least) // (2 * least) for side in image.size]
    return image.resize(size, resampling)


def record(name, rgba, seed, short, crop, resampling, step):
    """One record of the file. `rgba` is an array of height x width x 4 bytes."""
    height, width, _ = rgba.shape
    image = Image.fromarray(rgba).convert("RGB")
    cropped = np.asarray(CenterCrop(crop)(resize(image, short, resampling)))
    assert cropped.shape == (crop, crop, 3)
    head = struct.pack(
        "<9I",
        width,
        height,
        seed,
        short,
        crop,
        resampling,
        step,
        zlib.adler32(rgba.tobytes()),
        zlib.adler32(cropped.tobytes()),
    )
    encoded = name.encode()
    return bytes([len(encoded)]) + encoded + head + cropped[::step, ::step].tobytes()


def main():
    with open(HERE / "synthetic.bin", "wb") as file:
        for seed, (width, height, short, crop, step) in enumerate(SYNTHETIC):
            rgba = synthetic(width, height, seed)
            for resampling in FILTERS:
                file.write(record("", rgba, seed, short, crop, resampling, step))
    if len(sys.argv) > 1:
        with open(HERE / "photos.bin", "wb") as file:
            for name in PHOTOS:
                rgba = np.asarray(Image.open(Path(sys.argv[1]) / name).convert("RGBA"))
                for resampling in FILTERS:
                    file.write(record(name, rgba, 0, 256, 224, resampling, PHOTO_STEP))


main()
