"""The real networks of timm, torchvision and transformers, at any width and class count."""

from collections.abc import Callable
from typing import NamedTuple

import timm
import torchvision
import transformers
from timm.models.efficientnet import (
    _gen_efficientnet_lite,
    _gen_mnasnet_b1,
    _gen_mobilenet_v1,
    _gen_mobilenet_v2,
)
from timm.models.mobilenetv3 import _gen_mobilenet_v3, _gen_mobilenet_v4
from torchvision.models.mobilenetv2 import MobileNetV2
from torchvision.models.mobilenetv3 import MobileNetV3, _mobilenet_v3_conf

VERSIONS = {"timm": timm.__version__, "torchvision": torchvision.__version__, "transformers": transformers.__version__}


class Timm(NamedTuple):
    """A network of timm."""

    name: str
    build: Callable
    # The squared bound of a golden's weights times fan-in. Chosen so that the logits depend on the image and on eps, ReLU6
    # and h-swish are saturated in places, and networks without a limit to their activations don't overflow. Larger ones
    # make V2 chaotic: at 4 the rounding of the folded weights alone changes its logits by 3e-4.
    gain: float
    # Whether the name holds the width where it is 1.
    names_width_1: bool = True


TIMM = {
    "v1": Timm("mobilenetv1", _gen_mobilenet_v1, 4.0),
    "v2": Timm("mobilenetv2", _gen_mobilenet_v2, 2.0),
    "v3-small": Timm("mobilenetv3_small", _gen_mobilenet_v3, 2.5),
    "v3-large": Timm("mobilenetv3_large", _gen_mobilenet_v3, 1.8),
    "v4-conv-small": Timm("mobilenetv4_conv_small", _gen_mobilenet_v4, 1.8, names_width_1=False),
    "v4-conv-medium": Timm("mobilenetv4_conv_medium", _gen_mobilenet_v4, 1.5, names_width_1=False),
    "mnasnet-b1": Timm("mnasnet", _gen_mnasnet_b1, 1.8),
    "efficientnet-lite0": Timm("efficientnet_lite0", _gen_efficientnet_lite, 3.0, names_width_1=False),
}


def timm_name(version, width, minimalistic, tf):
    """timm's own name for the network, such as tf_mobilenetv3_small_minimal_100."""
    name = ("tf_" if tf else "") + TIMM[version].name + ("_minimal" if minimalistic else "")
    return name if width == 1 and not TIMM[version].names_width_1 else f"{name}_{round(width * 100):03d}"


def timm_model(version, width, classes, minimalistic=False, tf=False):
    options = dict(bn_eps=1e-3, pad_type="same") if tf else {}
    name = timm_name(version, width, minimalistic, tf)
    return TIMM[version].build(name, channel_multiplier=width, num_classes=classes, **options)


def torchvision_model(version, width, classes):
    if version == "v2":
        return MobileNetV2(num_classes=classes, width_mult=width)
    settings, last_channel = _mobilenet_v3_conf(f"mobilenet_{version.replace('-', '_')}", width_mult=width)
    return MobileNetV3(settings, last_channel, num_classes=classes)


def transformers_model(version, width, classes, **config):
    name = {"v1": "MobileNetV1", "v2": "MobileNetV2"}[version]
    config = getattr(transformers, name + "Config")(depth_multiplier=width, num_labels=classes, **config)
    return getattr(transformers, name + "ForImageClassification")(config)
