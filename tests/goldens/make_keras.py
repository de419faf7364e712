"""Writes keras/*.json, topologies of keras.applications' networks as TensorFlow.js has them, keras/*.keras and
keras/*.h5, small networks with their weights, and keras/outputs.json, what Keras makes of them.

    python tests/goldens/make_keras.py

needs tensorflow, keras (version 3), tf_keras (version 2) and numpy. The weights of a topology follow from their names,
here and in tests/keras.rs. Outputs are the logarithms of the probabilities, computed in float64.
"""

import json
import sys
from pathlib import Path

import keras
import numpy
import tf_keras
from uniform import uniform

FOLDER = Path(__file__).parent / "keras"
PICTURES = [f"picture {number}" for number in range(2)]


def picture(seed, side):
    """Bytes of an RGB picture: blocks of 8 x 8 equal pixels, as tests/keras.rs has them."""
    blocks = numpy.floor(256 * uniform(seed, (side // 8) ** 2 * 3)).astype(numpy.uint8)
    return blocks.reshape(side // 8, side // 8, 3).repeat(8, axis=0).repeat(8, axis=1)


def values(name, shape, gain):
    """A tensor's values, float32. Variances are small and wide spread so that a wrong epsilon shows."""
    spread = {"moving_variance": 0.5, "moving_mean": 0.5, "gamma": 0.5, "beta": 1.0, "bias": 1.0}
    centre = {"moving_variance": 0.55, "gamma": 1.0}
    parameter = name.rsplit("/", 1)[-1]
    depthwise = len(shape) == 4 and shape[-1] == 1
    fan_in = numpy.prod(shape[:2] if depthwise else shape[:-1])
    numbers = 2 * uniform(name, int(numpy.prod(shape))) - 1
    result = centre.get(parameter, 0.0) + spread.get(parameter, numpy.sqrt(gain / fan_in)) * numbers
    return result.astype(numpy.float32).reshape(shape)


def name(weight):
    """The name of a weight in TensorFlow.js."""
    return getattr(weight, "path", weight.name).removesuffix(":0")


def fill(model, gain):
    model.set_weights([values(name(weight), tuple(weight.shape), gain) for weight in model.weights])


def lean(value):
    """A topology without what no reader needs."""
    if isinstance(value, list):
        return [lean(part) for part in value]
    if not isinstance(value, dict):
        return value
    ends = ("_initializer", "_regularizer", "_constraint")
    surplus = ("build_config", "registered_name", "trainable", "sparse", "ragged", "optional")
    return {key: lean(part) for key, part in value.items() if not key.endswith(ends) and key not in surplus}


def topology(library, model):
    """The model.json that TensorFlow.js' converter writes."""
    weights = [{"name": name(w), "shape": list(w.shape), "dtype": "float32"} for w in model.weights]
    config = json.loads(model.to_json())
    return {
        "format": "layers-model",
        "generatedBy": f"keras v{library.__version__}",
        "convertedBy": "TensorFlow.js Converter",
        "modelTopology": {
            "keras_version": library.__version__,
            "backend": "tensorflow",
            "model_config": lean(config),
        },
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": weights}],
    }


def outputs(model, side, bytes_):
    found = []
    for seed in PICTURES:
        pixels = picture(seed, side).astype(numpy.float64)
        values = pixels if bytes_ else pixels / 127.5 - 1
        (row,) = model.predict(values[None], verbose=0)
        found.append([float(numpy.float32(value)) for value in numpy.log(row.astype(numpy.float64))])
    return found


def application(library, name, **options):
    return lambda: getattr(library.applications, name)(weights=None, **{"classes": 7, **options})


def base(library, bytes_):
    """A network of the applications' blocks, smaller than any of them."""
    layers = library.layers
    x = inputs = layers.Input((96, 96, 3))

    def conv(x, layer, activation=True):
        x = layers.BatchNormalization(epsilon=1e-3)(layer(x))
        return layers.ReLU(6.0)(x) if activation else x

    if bytes_:
        x = x / 127.5 - 1.0
    x = conv(x, layers.Conv2D(8, 3, 2, "same", use_bias=False))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = conv(x, layers.DepthwiseConv2D(3, 2, "valid", use_bias=False))
    before = x = conv(x, layers.Conv2D(8, 1), False)
    x = conv(x, layers.Conv2D(16, 1, use_bias=False))
    x = conv(x, layers.DepthwiseConv2D(5, 1, "same", use_bias=False))
    x = layers.Add()([before, conv(x, layers.Conv2D(8, 1, use_bias=False), False)])
    x = conv(x, layers.Conv2D(24, 1, use_bias=False))
    return library.Model(inputs, x)


def transfer(library):
    """A head on a network, as tutorials have it."""

    def build():
        inputs = library.layers.Input((96, 96, 3))
        x = base(library, True)(inputs, training=False)
        x = library.layers.GlobalAveragePooling2D()(x)
        x = library.layers.Dropout(0.2)(x)
        x = library.layers.Dense(12, activation="relu")(x)
        return library.Model(inputs, library.layers.Dense(5, activation="softmax")(x))

    return build


def sequential(library):
    def build():
        layers = library.layers
        first = [layers.InputLayer((96, 96, 3)), layers.Rescaling(1 / 127.5, -1), base(library, False)]
        last = [layers.GlobalAveragePooling2D(keepdims=True), layers.Flatten(), layers.Dense(5), layers.Softmax()]
        return library.Sequential(first + last)

    return build


SMALL = {"input_shape": (96, 96, 3)}
# Name: library, whether the model takes bytes, gain, constructor.
TOPOLOGIES = {
    "v1-keras2": (tf_keras, False, 4.0, application(tf_keras, "MobileNet", alpha=0.25, **SMALL)),
    "v2-keras3": (keras, False, 2.0, application(keras, "MobileNetV2", alpha=0.35, **SMALL)),
    "v3-small-keras2": (tf_keras, True, 1.8, application(tf_keras, "MobileNetV3Small", **SMALL)),
    "v3-small-keras3": (keras, True, 1.8, application(keras, "MobileNetV3Small", alpha=0.75, **SMALL)),
    "v3-large-minimalistic-keras3": (
        keras,
        True,
        1.0,
        application(keras, "MobileNetV3Large", alpha=0.75, minimalistic=True, **SMALL),
    ),
    "transfer-keras2": (tf_keras, True, 3.0, transfer(tf_keras)),
    "sequential-keras3": (keras, True, 3.0, sequential(keras)),
}
FILES = {
    "transfer-keras3.h5": (keras, transfer(keras), 3.0),
    "transfer-keras2.h5": (tf_keras, transfer(tf_keras), 3.0),
    "sequential-keras3.keras": (keras, sequential(keras), 3.0),
}


def built(library, build, floats):
    """A model with weights of float32 or float64."""
    library.backend.clear_session()
    library.backend.set_floatx(floats)
    return build()


def write_bases(folder):
    """The networks on which Teachable Machine trains a head, for make_teachable.mjs."""
    for golden, name, options in [
        ("teachable-standard", "MobileNetV2", {"input_shape": (224, 224, 3), "alpha": 0.35}),
        ("teachable-embedded", "MobileNet", {"input_shape": (96, 96, 1), "alpha": 0.25}),
    ]:
        build = application(tf_keras, name, **options, include_top=False)
        model = lean(json.loads(built(tf_keras, build, "float32").to_json()))
        Path(folder, f"{golden}.json").write_text(json.dumps(model))


def main():
    if sys.argv[1:2] == ["--bases"]:
        return write_bases(sys.argv[2])
    FOLDER.mkdir(exist_ok=True)
    table = {}
    for golden, (library, bytes_, gain, build) in TOPOLOGIES.items():
        text = topology(library, built(library, build, "float32"))
        (FOLDER / f"{golden}.json").write_text(json.dumps(text, separators=(",", ":")) + "\n")
        model = built(library, build, "float64")
        fill(model, gain)
        table[golden] = outputs(model, 96, bytes_)
    for golden, (library, build, gain) in FILES.items():
        model = built(library, build, "float32")
        fill(model, gain)
        model.save(FOLDER / golden)
        weights = model.get_weights()
        model = built(library, build, "float64")
        model.set_weights(weights)
        table[golden] = outputs(model, 96, True)
    lines = [f"  {json.dumps(golden)}: {json.dumps(rows)}" for golden, rows in table.items()]
    (FOLDER / "outputs.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
