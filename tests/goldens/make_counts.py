"""Writes counts.txt: parameters and multiply-accumulates of the libraries' own networks at many widths.

    python tests/goldens/make_counts.py

needs torch, timm, torchvision and transformers. Widths are those of tf-slim's and timm's checkpoints, and others at
which the libraries round differently.
"""

from pathlib import Path

import torch
from libraries import TIMM, VERSIONS, timm_model, torchvision_model, transformers_model
from torch import nn

WIDTHS = [0.1, 0.15, 0.25, 0.35, 0.5, 0.6, 0.75, 0.85, 1.0, 1.1, 1.25, 1.3, 1.4, 1.5, 1.75, 2.0, 3.0, 4.0]
RESOLUTION = 160
CLASSES = 10


def count(model):
    """Parameters, and the multiply-accumulates of every convolution and dense layer for one image."""
    macs = 0

    def add(module, _, output):
        nonlocal macs
        macs += module.weight[0].numel() * output.numel()

    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(add)
    with torch.no_grad():
        model.eval()(torch.zeros(1, 3, RESOLUTION, RESOLUTION, device="meta"))
    return sum(parameter.numel() for parameter in model.parameters()), macs


def networks():
    for version in TIMM:
        yield "timm", version, lambda width: timm_model(version, width, CLASSES)
    for version in ["v3-small", "v3-large"]:
        yield "timm", version + "-minimalistic", lambda width: timm_model(version, width, CLASSES, minimalistic=True)
    for version in ["v2", "v3-small", "v3-large"]:
        yield "torchvision", version, lambda width: torchvision_model(version, width, CLASSES)
    for version in ["v1", "v2"]:
        yield "transformers", version, lambda width: transformers_model(version, width, CLASSES)


with open(Path(__file__).parent / "counts.txt", "w") as out:
    print(f"# By make_counts.py from {', '.join(' '.join(item) for item in VERSIONS.items())};", file=out)
    print(f"# {RESOLUTION}x{RESOLUTION} pixels, {CLASSES} classes.", file=out)
    print("# library version width parameters macs", file=out)
    for library, version, build in networks():
        for width in WIDTHS:
            with torch.device("meta"):
                print(library, version, width, *count(build(width)), file=out)
