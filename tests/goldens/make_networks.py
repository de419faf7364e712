"""Writes networks.json: what the libraries' own networks make of one input.

    python tests/goldens/make_networks.py

needs torch, timm, torchvision, transformers and numpy. No weights are stored: each tensor's values follow from its
name, by the same arithmetic here and in tests/common/goldens.rs. A golden holds the library's config, the names,
shapes and types of its tensors, and the logits, computed in float64.
"""

import json
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy
import torch
from libraries import TIMM, VERSIONS, timm_model, torchvision_model, transformers_model
from timm.models._hub import save_config_for_hf
from transformers import MobileNetV1ImageProcessor, MobileNetV2ImageProcessor
from uniform import uniform

FILE = Path(__file__).parent / "networks.json"
DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}


def values(name, shape, gain):
    """A tensor's values, float32. Variances are small and wide spread so that a wrong eps shows."""
    if name.endswith("running_var"):
        centre, spread = 0.55, 0.5
    elif name.endswith("running_mean"):
        centre, spread = 0.0, 0.5
    elif name.endswith("bias"):
        centre, spread = 0.0, 1.0
    elif len(shape) == 1:
        centre, spread = 1.0, 0.5
    else:
        centre, spread = 0.0, numpy.sqrt(gain / numpy.prod(shape[1:]))
    result = centre + spread * (2 * uniform(name, int(numpy.prod(shape))) - 1)
    return torch.from_numpy(result.astype(numpy.float32).reshape(shape))


def picture(seed, resolution):
    """An image of noise in [-2, 2); the numbers run over y, x and channel."""
    pixels = 4 * uniform(seed, resolution * resolution * 3) - 2
    return torch.from_numpy(pixels.astype(numpy.float32).reshape(1, resolution, resolution, 3)).permute(0, 3, 1, 2)


def timm(version, width, resolution, classes, **options):
    model = timm_model(version, width, classes, **options)
    with tempfile.NamedTemporaryFile() as file:
        save_config_for_hf(model, file.name, data_config={"input_size": (3, resolution, resolution)})
        return model, json.loads(Path(file.name).read_text()), None


def torchvision(version, width, resolution, classes):
    # torchvision writes no config; of the fields that it leaves open only the size is needed.
    return torchvision_model(version, width, classes), {"input_size": [3, resolution, resolution]}, None


def transformers(version, width, resolution, classes, **options):
    model = transformers_model(version, width, classes, image_size=resolution, **options)
    config = json.loads(model.config.to_json_string())
    config.pop("label2id", None)
    processor = {"v1": MobileNetV1ImageProcessor, "v2": MobileNetV2ImageProcessor}[version](
        size={"shortest_edge": resolution + 32}, crop_size={"height": resolution, "width": resolution}
    )
    return model, config, json.loads(processor.to_json_string())


BACKGROUND = {"id2label": {index: f"class {index - 1}" if index else "background" for index in range(1001)}}

GOLDENS = [
    # V2 has another wide golden below, and V3-Small another type of weights.
    *((timm, version, 1.0, 96, 10) for version in TIMM if version not in ["v2", "v3-small"]),
    (timm, "v1", 0.25, 160, 7),
    (timm, "v2", 0.35, 160, 10),
    # The first block's residual appears at this width.
    (timm, "v2", 0.25, 96, 7),
    (timm, "v2", 1.4, 96, 10, {"dtype": torch.float16}),
    # The stem stays at 16 channels.
    (timm, "v3-small", 0.5, 160, 10),
    (timm, "v3-small", 1.0, 96, 10, {"dtype": torch.bfloat16}),
    (timm, "v3-large", 0.75, 160, 7),
    (timm, "v3-small", 0.75, 96, 10, {"tf": True}),
    (timm, "v3-large", 1.0, 160, 10, {"tf": True}),
    (timm, "v3-small", 1.0, 96, 7, {"tf": True, "minimalistic": True}),
    (timm, "v3-large", 1.0, 96, 10, {"tf": True, "minimalistic": True}),
    (timm, "v4-conv-small", 0.5, 160, 7),
    # The stem is scaled only above width 1.
    (timm, "v4-conv-small", 1.25, 96, 10, {"dtype": torch.float16}),
    (timm, "v4-conv-medium", 0.35, 160, 7),
    (timm, "mnasnet-b1", 0.5, 160, 7),
    (timm, "efficientnet-lite0", 1.0, 160, 7, {"tf": True}),
    # The first block has a residual at this width: the stem keeps its 32 channels.
    (timm, "efficientnet-lite0", 2.0, 96, 10),
    (torchvision, "v2", 0.5, 96, 10),
    (torchvision, "v2", 1.0, 128, 7),
    (torchvision, "v3-small", 1.0, 160, 10),
    (torchvision, "v3-small", 0.5, 96, 7),
    (torchvision, "v3-large", 1.0, 128, 10),
    (torchvision, "v3-large", 0.35, 96, 7),
    (transformers, "v1", 0.25, 96, 1001, BACKGROUND),
    (transformers, "v1", 0.75, 160, 10),
    (transformers, "v1", 0.3, 128, 7, {"tf_padding": False}),
    (transformers, "v2", 0.35, 96, 11),
    # The first block has no residual here.
    (transformers, "v2", 0.25, 160, 7, {"layer_norm_eps": 1e-5}),
    (transformers, "v2", 1.3, 96, 10),
]


def padding(library, options):
    same = options.get("tf_padding", True) if library is transformers else options.get("tf", False)
    return "same" if same else "symmetric"


def make(library, version, width, resolution, classes, options={}):
    options = dict(options)
    dtype = options.pop("dtype", torch.float32)
    model, config, preprocessor_config = library(version, width, resolution, classes, **options)
    minimalistic = options.get("minimalistic", False)
    name = "-".join([library.__name__, version, *["minimalistic"] * minimalistic, *["tf"] * options.get("tf", False)])
    name = f"{name}-{width}-{resolution}"

    tensors, state = defaultdict(lambda: defaultdict(dict)), {}
    for tensor, initial in model.state_dict().items():
        if initial.dtype.is_floating_point:
            state[tensor] = values(tensor, tuple(initial.shape), TIMM[version].gain).to(dtype)
        else:
            state[tensor] = initial
        module, leaf = tensor.rsplit(".", 1)
        tensors[DTYPES[state[tensor].dtype]][module][leaf] = list(initial.shape)
    model.load_state_dict(state)
    model.double().eval()

    def run(image):
        with torch.no_grad():
            logits = model(image.double())
        return getattr(logits, "logits", logits)[0].numpy()

    # The first image whose six largest logits are not nearly equal: their order is tested too.
    for attempt in range(100):
        seed = f"{name} image {attempt}"
        image = picture(seed, resolution)
        logits = run(image)
        largest = numpy.sort(logits)[::-1][:6]
        if (-numpy.diff(largest)).min() > 4e-3 * abs(logits).max():
            break
    else:
        raise ValueError(f"{name}: no image with distinct logits")
    sensitivity = abs(run(image.flip(3)) - logits).max() / abs(logits).max()
    print(f"{name}: largest logit {abs(logits).max():.2f}, the mirrored image changes them by {sensitivity:.2f} of it")

    golden = {
        "name": name,
        "made_with": f"{library.__name__} {VERSIONS[library.__name__]}, torch {torch.__version__}",
        "flavour": library.__name__,
        "version": version,
        "minimalistic": minimalistic,
        "width": width,
        "resolution": resolution,
        "classes": classes,
        "padding": padding(library, options),
        "config": config,
        "preprocessor_config": preprocessor_config,
        "gain": TIMM[version].gain,
        "image": seed,
        "logits": [float(str(logit)) for logit in logits.astype(numpy.float32)],
        "tensors": tensors,
    }
    # One line per field: readable enough, and small.
    fields = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in golden.items()]
    return name, "{\n" + ",\n".join(fields) + "\n}"


if __name__ == "__main__":
    goldens = sorted(make(*golden) for golden in GOLDENS)
    FILE.write_text("[\n" + ",\n".join(text for _, text in goldens) + "\n]\n")
