"""Writes the networks as ONNX files: timm's, with random weights. Each has a folder laid out as Transformers.js expects
it of a model; ONNX Runtime Web reads the same file.

python make_onnx.py FOLDER
"""

import json
import sys
from pathlib import Path

import timm
import torch

NETWORKS = {
    "v1": ("mobilenetv1_100", "mobilenet_v1", "MobileNetV1"),
    "v2": ("mobilenetv2_100", "mobilenet_v2", "MobileNetV2"),
    "v3-large": ("mobilenetv3_large_100", "mobilenet_v3", "MobileNetV3"),
    "v3-small": ("mobilenetv3_small_100", "mobilenet_v3", "MobileNetV3"),
    "v4-conv-small": ("mobilenetv4_conv_small", "mobilenet_v4", "MobileNetV4"),
    "v4-conv-medium": ("mobilenetv4_conv_medium", "mobilenet_v4", "MobileNetV4"),
}


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
for name, (timm_name, model_type, prefix) in NETWORKS.items():
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
