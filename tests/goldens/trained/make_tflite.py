"""Writes tflite.json: what TensorFlow Lite's interpreter says of the photos, by the files of ../shared/models/tflite.

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

SHORT_SIDE = 256


def picture(path, side):
    image = Image.open(path).convert("RGB")
    short = min(image.size)
    image = image.resize([length * SHORT_SIDE // short for length in image.size], Image.Resampling.BILINEAR)
    left, top = [(length - side) // 2 for length in image.size]
    return numpy.asarray(image.crop((left, top, left + side, top + side)))


def probabilities(file, photo):
    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    pixels = picture(photo, taken["shape"][1])
    if taken["dtype"] == numpy.float32:
        pixels = pixels.astype(numpy.float32) / 127.5 - 1
    interpreter.set_tensor(taken["index"], pixels[None].astype(taken["dtype"]))
    interpreter.invoke()
    values = interpreter.get_tensor(given["index"])[0].astype(numpy.float64)
    scale, zero = given["quantization"]
    return values if given["dtype"] == numpy.float32 else scale * (values - zero)


def main():
    shared = Path(sys.argv[1])
    table = {}
    for file in sorted((shared / "models/tflite").glob("*.tflite")):
        for photo in sorted((shared / "photos").iterdir()):
            if photo.suffix in (".png", ".jpg"):
                values = probabilities(file, photo)
                best = int(values.argmax())
                # The background class isn't counted.
                table.setdefault(file.name, {})[photo.name] = [best - 1, round(float(values[best]), 4)]
    lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in table.items()]
    (Path(__file__).parent / "tflite.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
