"""Writes photos.json: what PyTorch makes of photos with trained networks.

    python make.py <folder of networks> <folder of photos> <folder of Lite0>

A network is a folder with model.safetensors, config.json and, for transformers, preprocessor_config.json, as Hugging
Face's Hub serves it; Lite0 is the one that `cargo xtask models --registry` puts into www/public/models. Each is run by its own library with its own preprocessing: `AutoImageProcessor` of transformers
as it comes, `timm.data.create_transform`. Needs torch, torchvision, timm, transformers, numpy and pillow; written with
torch 2.15.0, torchvision 0.29.2, timm 1.0.31, transformers 5.24.0 and pillow 13.0.0. tests/trained.rs reads the table.

Every photo is taken as it is and in SIZES, to which it's brought by picking the nearest pixel up and left: column x is
column x * width // new_width of the photo. A line of the table has the photo, the size, and by network the most
probable of the 1000 classes with its probability.
"""

import json
import sys
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoImageProcessor, AutoModelForImageClassification

NETWORKS = [
    "mobilenet_v1_1.0_224",
    "mobilenet_v1_0.25_224",
    "mobilenet_v2_1.0_224",
    "tf_mobilenetv3_small_100",
    "tf_mobilenetv3_large_minimal_100",
]
PHOTOS = ["parrot.jpg", "chelsea.png", "coffee.png", "burger.jpg", "hot_dog.jpg"]
# 3:2, 4:3 and 16:9, odd and even, upright, smaller than the crop.
SIZES = [(640, 427), (741, 500), (640, 480), (853, 480), (427, 640), (333, 500), (150, 101)]


def nearest(photo, width, height):
    rows = np.arange(height) * photo.shape[0] // height
    columns = np.arange(width) * photo.shape[1] // width
    return photo[rows][:, columns]


def with_transformers(folder):
    processor = AutoImageProcessor.from_pretrained(folder)
    model = AutoModelForImageClassification.from_pretrained(folder).eval()
    return lambda image: model(**processor(image, return_tensors="pt")).logits[0]


def with_timm(folder):
    config = json.loads((folder / "config.json").read_text())
    model = timm.create_model(config["architecture"], **config.get("model_args", {})).eval()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    transform = timm.data.create_transform(**timm.data.resolve_data_config(config["pretrained_cfg"]))
    return lambda image: model(transform(image)[None])[0]


def load(folder):
    is_transformers = (folder / "preprocessor_config.json").exists()
    return with_transformers(folder) if is_transformers else with_timm(folder)


def main():
    models, photos, lite0 = map(Path, sys.argv[1:])
    networks = {folder.name: load(folder) for folder in [*(models / name for name in NETWORKS), lite0]}
    lines = []
    for name in PHOTOS:
        photo = np.asarray(Image.open(photos / name).convert("RGB"))
        for width, height in [(photo.shape[1], photo.shape[0]), *SIZES]:
            image = Image.fromarray(nearest(photo, width, height))
            best = {}
            for network, run in networks.items():
                # Of 1001 classes the first is none of the others.
                probabilities = torch.softmax(run(image).double(), 0)[-1000:]
                index = int(probabilities.argmax())
                best[network] = [index, round(float(probabilities[index]), 4)]
            lines.append(json.dumps({"photo": name, "width": width, "height": height, "best": best}))
    (Path(__file__).parent / "photos.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


with torch.no_grad():
    main()
