"""The real networks of timm, torchvision and transformers, at any width and class count."""

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
# timm's name and constructor of each network.
TIMM = {
    "v1": ("mobilenetv1", _gen_mobilenet_v1),
    "v2": ("mobilenetv2", _gen_mobilenet_v2),
    "v3-small": ("mobilenetv3_small", _gen_mobilenet_v3),
    "v3-large": ("mobilenetv3_large", _gen_mobilenet_v3),
    "v4-conv-small": ("mobilenetv4_conv_small", _gen_mobilenet_v4),
    "v4-conv-medium": ("mobilenetv4_conv_medium", _gen_mobilenet_v4),
    "mnasnet-b1": ("mnasnet", _gen_mnasnet_b1),
    "efficientnet-lite0": ("efficientnet_lite0", _gen_efficientnet_lite),
}
# Their names hold no width where it is 1.
NAMED_WITHOUT_WIDTH = ["v4-conv-small", "v4-conv-medium", "efficientnet-lite0"]


def timm_name(version, width, minimalistic, tf):
    """timm's own name for the network, such as tf_mobilenetv3_small_minimal_100."""
    name = ("tf_" if tf else "") + TIMM[version][0] + ("_minimal" if minimalistic else "")
    return name if width == 1 and version in NAMED_WITHOUT_WIDTH else f"{name}_{round(width * 100):03d}"


def timm_model(version, width, classes, minimalistic=False, tf=False):
    options = dict(bn_eps=1e-3, pad_type="same") if tf else {}
    name = timm_name(version, width, minimalistic, tf)
    return TIMM[version][1](name, channel_multiplier=width, num_classes=classes, **options)


def torchvision_model(version, width, classes):
    if version == "v2":
        return MobileNetV2(num_classes=classes, width_mult=width)
    settings, last_channel = _mobilenet_v3_conf(f"mobilenet_{version.replace('-', '_')}", width_mult=width)
    return MobileNetV3(settings, last_channel, num_classes=classes)


def transformers_model(version, width, classes, **config):
    name = {"v1": "MobileNetV1", "v2": "MobileNetV2"}[version]
    config = getattr(transformers, name + "Config")(depth_multiplier=width, num_labels=classes, **config)
    return getattr(transformers, name + "ForImageClassification")(config)
