"""Writes the networks that Keras has, all but MobileNetV4, as TFLite files with random weights: for LiteRT.js in f32 and
int8, and in f32 with the metadata that MediaPipe's tasks ask for.

python make_tflite.py FOLDER
"""

import io
import sys
import zipfile
from pathlib import Path

import flatbuffers
import numpy as np
import tensorflow as tf
from mediapipe.tasks.metadata import metadata_schema_py_generated as schema
from tensorflow.lite.python import schema_py_generated as tflite
from tensorflow.lite.tools import flatbuffer_utils

applications = tf.keras.applications
NETWORKS = {
    "v1": (applications.MobileNet, {}),
    "v2": (applications.MobileNetV2, {}),
    "v3-large": (applications.MobileNetV3Large, {"include_preprocessing": False}),
    "v3-small": (applications.MobileNetV3Small, {"include_preprocessing": False}),
}
PICTURE = (1, 224, 224, 3)
LABELS = "labels.txt"


def pictures():
    """What the int8 form takes its ranges from: noise, as the weights are."""
    random = np.random.default_rng(0)
    for _ in range(4):
        yield [random.random(PICTURE, dtype=np.float32)]


def image_input():
    """RGB, which is scaled to -1..1."""
    color = schema.ImagePropertiesT()
    color.colorSpace = schema.ColorSpaceType.RGB
    content = schema.ContentT()
    content.contentPropertiesType = schema.ContentProperties.ImageProperties
    content.contentProperties = color

    scale = schema.NormalizationOptionsT()
    scale.mean = scale.std = [127.5]
    unit = schema.ProcessUnitT()
    unit.optionsType = schema.ProcessUnitOptions.NormalizationOptions
    unit.options = scale

    tensor = schema.TensorMetadataT()
    tensor.name = b"image"
    tensor.content = content
    tensor.processUnits = [unit]
    return tensor


def classes_output():
    """A probability for each class, whose names are in a file of their own."""
    labels = schema.AssociatedFileT()
    labels.name = LABELS
    labels.type = schema.AssociatedFileType.TENSOR_AXIS_LABELS
    content = schema.ContentT()
    content.contentPropertiesType = schema.ContentProperties.FeatureProperties
    content.contentProperties = schema.FeaturePropertiesT()

    tensor = schema.TensorMetadataT()
    tensor.name = b"probability"
    tensor.content = content
    tensor.associatedFiles = [labels]
    return tensor


def with_metadata(plain):
    """The same model for MediaPipe: MediaPipe's own writer asks for a module that its package has no more."""
    graph = schema.SubGraphMetadataT()
    graph.inputTensorMetadata = [image_input()]
    graph.outputTensorMetadata = [classes_output()]
    metadata = schema.ModelMetadataT()
    metadata.name = "ImageClassifier"
    metadata.subgraphMetadata = [graph]
    metadata.minParserVersion = "1.0.0"
    builder = flatbuffers.Builder()
    builder.Finish(metadata.Pack(builder), b"M001")

    model = flatbuffer_utils.convert_bytearray_to_object(plain)
    buffer = tflite.BufferT()
    buffer.data = np.frombuffer(builder.Output(), np.uint8)
    entry = tflite.MetadataT()
    entry.name = "TFLITE_METADATA"
    entry.buffer = len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]

    # Associated files are a ZIP behind the model, in the same file.
    file = io.BytesIO()
    file.write(flatbuffer_utils.convert_object_to_bytearray(model))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(LABELS, "\n".join(f"class {index}" for index in range(1000)))
    return file.getvalue()


folder = Path(sys.argv[1])
for name, (build, options) in NETWORKS.items():
    tf.keras.utils.set_random_seed(0)
    network = build(weights=None, input_tensor=tf.keras.Input(batch_shape=PICTURE), **options)

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    plain = converter.convert()
    (folder / f"{name}.f32.tflite").write_bytes(plain)
    (folder / f"{name}.mediapipe.tflite").write_bytes(with_metadata(plain))

    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = pictures
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    (folder / f"{name}.int8.tflite").write_bytes(converter.convert())
