"""Writes the networks as ONNX files: timm's, with random weights. Each has a folder laid out as Transformers.js expects
it of a model; ONNX Runtime Web reads the same file.

python make_onnx.py FOLDER
"""

import json
import sys
from pathlib import Path

import timm
import torch

CATALOGUE = json.loads((Path(__file__).parent.parent / "pkg/catalogue.json").read_text())
# timm's name of each MobileNet: a checkpoint's name begins with it.
NETWORKS = {entry["version"]: entry["name"].split(".")[0] for entry in CATALOGUE if entry["width"] == 1}


def config(model_type, prefix):
    """What tells Transformers.js which of its classes runs the network, and what its classes are called."""
    return {
        "model_type": model_type,
        "architectures": [f"{prefix}ForImageClassification"],
        "id2label": {index: f"class {index}" for index in range(1000)},
    }


def preprocessor(network, prefix):
    """The geometry that Transformers.js's own models of these networks have: short side to 256, centre of 224."""
    return {
        "image_processor_type": f"{prefix}ImageProcessor",
        "do_resize": True,
        "size": {"shortest_edge": 256},
        "resample": 2,
        "do_center_crop": True,
        "crop_size": {"height": 224, "width": 224},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": network.default_cfg["mean"],
        "image_std": network.default_cfg["std"],
    }


folder = Path(sys.argv[1])
picture = torch.rand(1, 3, 224, 224)
for name, timm_name in NETWORKS.items():
    generation = name[1]
    model_type, prefix = f"mobilenet_v{generation}", f"MobileNetV{generation}"
    torch.manual_seed(0)
    network = timm.create_model(timm_name, pretrained=False).eval()
    home = folder / "transformers" / name
    (home / "onnx").mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        network,
        (picture,),
        home / "onnx" / "model.onnx",
        # Transformers.js calls the tensors so.
        input_names=["pixel_values"],
        output_names=["logits"],
        # One file: the runtime in the browser is given one address.
        external_data=False,
    )
    (home / "config.json").write_text(json.dumps(config(model_type, prefix)))
    (home / "preprocessor_config.json").write_text(json.dumps(preprocessor(network, prefix)))
