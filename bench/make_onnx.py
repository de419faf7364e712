"""Writes the networks as ONNX files for ONNX Runtime Web: timm's, with random weights.

python make_onnx.py FOLDER
"""

import sys
from pathlib import Path

import timm
import torch

NETWORKS = {
    "v1": "mobilenetv1_100",
    "v2": "mobilenetv2_100",
    "v3-large": "mobilenetv3_large_100",
    "v3-small": "mobilenetv3_small_100",
    "v4-conv-small": "mobilenetv4_conv_small",
    "v4-conv-medium": "mobilenetv4_conv_medium",
}

folder = Path(sys.argv[1])
picture = torch.rand(1, 3, 224, 224)
for name, timm_name in NETWORKS.items():
    torch.manual_seed(0)
    network = timm.create_model(timm_name, pretrained=False).eval()
    torch.onnx.export(
        network,
        (picture,),
        folder / f"{name}.onnx",
        input_names=["input"],
        output_names=["logits"],
        # One file: the runtime in the browser is given one address.
        external_data=False,
    )
