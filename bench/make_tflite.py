"""Writes the networks that Keras has, all but MobileNetV4, as TFLite files for LiteRT.js, with random weights.

python make_tflite.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

applications = tf.keras.applications
NETWORKS = {
    "v1": (applications.MobileNet, {}),
    "v2": (applications.MobileNetV2, {}),
    "v3-large": (applications.MobileNetV3Large, {"include_preprocessing": False}),
    "v3-small": (applications.MobileNetV3Small, {"include_preprocessing": False}),
}
PICTURE = (1, 224, 224, 3)


def pictures():
    """What the int8 form takes its ranges from: noise, as the weights are."""
    random = np.random.default_rng(0)
    for _ in range(4):
        yield [random.random(PICTURE, dtype=np.float32)]


folder = Path(sys.argv[1])
for name, (build, options) in NETWORKS.items():
    tf.keras.utils.set_random_seed(0)
    network = build(weights=None, input_tensor=tf.keras.Input(batch_shape=PICTURE), **options)

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    (folder / f"{name}.f32.tflite").write_bytes(converter.convert())

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = pictures
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    (folder / f"{name}.int8.tflite").write_bytes(converter.convert())
