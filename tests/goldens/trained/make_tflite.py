"""Writes tflite.json: what TensorFlow Lite's interpreter says of the photos, by the files of ../shared/models/tflite; and
tflite-tensors.json: what it says of made-up pictures of the network's own size, which need no decoder and no resize.

    python tests/goldens/trained/make_tflite.py SHARED

needs ai-edge-litert, numpy and Pillow. SHARED is the folder that has `models` and `photos`. The short side is resized to
256 pixels, bilinear, the centre cut out, and bytes given as they are, or as -1..1 where the input is float.
"""

import json
import sys
from pathlib import Path

import numpy
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from uniform import uniform

SHORT_SIDE = 256
PICTURES = [f"picture {number}" for number in range(4)]
# How many of a picture's most probable classes are compared.
CLASSES = 5


def picture(path, side):
    image = Image.open(path).convert("RGB")
    short = min(image.size)
    image = image.resize([length * SHORT_SIDE // short for length in image.size], Image.Resampling.BILINEAR)
    left, top = [(length - side) // 2 for length in image.size]
    return numpy.asarray(image.crop((left, top, left + side, top + side)))


def blocks(seed, side):
    """Bytes of an RGB picture: blocks of 8 x 8 equal pixels."""
    across = side // 8
    values = numpy.floor(256 * uniform(seed, across**2 * 3)).astype(numpy.uint8)
    return values.reshape(across, across, 3).repeat(8, axis=0).repeat(8, axis=1)


def probabilities(file, pixels_of):
    """`pixels_of` gives a picture of the side that it is called with."""
    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    pixels = pixels_of(int(taken["shape"][1]))
    if taken["dtype"] == numpy.float32:
        pixels = pixels.astype(numpy.float32) / 127.5 - 1
    interpreter.set_tensor(taken["index"], pixels[None].astype(taken["dtype"]))
    interpreter.invoke()
    values = interpreter.get_tensor(given["index"])[0].astype(numpy.float64)
    scale, zero = given["quantization"]
    return values if given["dtype"] == numpy.float32 else scale * (values - zero)


def write(name, table):
    lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in table.items()]
    (Path(__file__).parent / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    shared = Path(sys.argv[1])
    photos, tensors = {}, {}
    for file in sorted((shared / "models/tflite").glob("*.tflite")):
        for photo in sorted((shared / "photos").iterdir()):
            if photo.suffix in (".png", ".jpg"):
                values = probabilities(file, lambda side: picture(photo, side))
                best = int(values.argmax())
                # The background class isn't counted.
                photos.setdefault(file.name, {})[photo.name] = [best - 1, round(float(values[best]), 4)]
        for seed in PICTURES:
            values = probabilities(file, lambda side: blocks(seed, side))
            best = numpy.argsort(-values, kind="stable")[:CLASSES]
            row = [[int(index), round(float(values[index]), 6)] for index in best]
            tensors.setdefault(file.name, {})[seed] = row
    write("tflite.json", photos)
    write("tflite-tensors.json", tensors)


if __name__ == "__main__":
    main()
