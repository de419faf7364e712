"""timm's tensor names for those of the PyPI package efficientnet_lite_pytorch's Lite0.

Its blocks have one number, timm's a stage's and one within it; its first block has no expansion.
"""

# Blocks of each stage.
STAGES = [1, 2, 2, 3, 3, 4, 1]

OUTSIDE = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def timm_name(name):
    """The name that timm gives the tensor; a ValueError if Lite0 has no such tensor."""
    places = [(stage, block) for stage, blocks in enumerate(STAGES) for block in range(blocks)]
    try:
        if name.startswith("_blocks."):
            _, number, module, parameter = name.split(".")
            if not number.isdecimal():
                raise ValueError
            stage, block = places[int(number)]
            modules = BLOCK if int(number) else FIRST_BLOCK
            return f"blocks.{stage}.{block}.{modules[module]}.{parameter}"
        module, parameter = name.split(".")
        return f"{OUTSIDE[module]}.{parameter}"
    except (KeyError, IndexError, ValueError):
        raise ValueError(f"{name} is no tensor of EfficientNet-Lite0") from None
