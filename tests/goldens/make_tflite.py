"""Writes tflite/*.tflite, small made-up networks, and tflite/outputs.json, what TensorFlow Lite's interpreter makes of them.

    python tests/goldens/make_tflite.py

needs tensorflow, ai-edge-litert and numpy. No network of a paper: what is known of it here must come from the graph.
"""

import copy
import json
from pathlib import Path

import keras
import numpy
import tensorflow
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from keras import layers
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils
from uniform import uniform

FOLDER = Path(__file__).parent / "tflite"
SIDE = 96
CLASSES = 5


def picture(seed):
    """Bytes of an RGB picture: blocks of 8 x 8 equal pixels, so that a network sees more than noise."""
    blocks = numpy.floor(256 * uniform(seed, (SIDE // 8) ** 2 * 3)).astype(numpy.uint8)
    return blocks.reshape(SIDE // 8, SIDE // 8, 3).repeat(8, axis=0).repeat(8, axis=1)


PICTURES = [f"picture {number}" for number in range(4)]


def hard_sigmoid(x):
    return layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)


def hard_swish(x):
    return layers.Multiply()([x, hard_sigmoid(x)])


ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: layers.ReLU()(x),
    "relu6": lambda x: layers.ReLU(6.0)(x),
    "h-swish": hard_swish,
}


def conv(x, channels, kernel, stride, activation, symmetric):
    """A convolution, depthwise where `channels` is None. Symmetric padding is PyTorch's, else it is TensorFlow's."""
    padding = "same"
    if symmetric and kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2)(x)
        padding = "valid"
    if channels is None:
        x = layers.DepthwiseConv2D(kernel, stride, padding)(x)
    else:
        x = layers.Conv2D(channels, kernel, stride, padding)(x)
    return ACTIVATIONS[activation](x)


def squeeze_excite(x, squeezed):
    gates = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gates = layers.Conv2D(squeezed, 1, activation="relu")(gates)
    gates = hard_sigmoid(layers.Conv2D(x.shape[-1], 1)(gates))
    return layers.Multiply()([x, gates])


def rescaled(x):
    """Bytes as -1..1."""
    return layers.Rescaling(1 / 127.5, -1.0)(x)


def standardised(x):
    """Bytes as each channel's distance from its mean, in deviations."""
    return layers.Normalization(mean=[123.0, 117.0, 104.0], variance=[58.0**2, 57.0**2, 56.0**2])(x)


def network(steps, tail, normalised=None, symmetric=False, batch=1):
    """`normalised`: the graph's own normalisation of bytes. `batch`: the number of pictures, or None for any."""
    x = inputs = layers.Input((SIDE, SIDE, 3), batch_size=batch)
    if normalised:
        x = normalised(x)
    for step in steps:
        before = x
        match step:
            case [block, "residual"]:
                for layer in block:
                    x = conv(x, *layer, symmetric)
                x = layers.Add()([before, x])
            case ["squeeze-excite", squeezed]:
                x = squeeze_excite(x, squeezed)
            case layer:
                x = conv(x, *layer, symmetric)
    x = tail(x)
    return keras.Model(inputs, x)


def vector_tail(x):
    """As V1 and V2 end."""
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Softmax()(layers.Dense(CLASSES)(x))


def binary_tail(x):
    """As a network of two classes may end."""
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Activation("sigmoid")(layers.Dense(1)(x))


def slim_tail(x):
    """As the networks of TF-Slim end: with a window as large as the map, and a convolution on its one pixel."""
    x = layers.AveragePooling2D(x.shape[1])(x)
    x = layers.Conv2D(CLASSES, 1)(x)
    return layers.Softmax()(keras.ops.squeeze(x, (1, 2)))


def map_tail(x):
    """As V3 ends: with convolutions on one pixel."""
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = hard_swish(layers.Conv2D(24, 1)(x))
    x = layers.Conv2D(CLASSES, 1)(x)
    return layers.Softmax()(layers.Reshape((CLASSES,))(x))


# Each layer: channels or None, kernel, stride, activation.
V1_AND_V2 = [
    (8, 3, 2, "relu6"),
    (None, 3, 2, "relu6"),
    (16, 1, 1, "relu6"),
    (24, 1, 1, "relu6"),
    (None, 3, 2, "relu6"),
    (12, 1, 1, "linear"),
    ([(24, 1, 1, "relu6"), (None, 3, 1, "relu6"), (12, 1, 1, "linear")], "residual"),
    (32, 1, 1, "relu6"),
]
V3 = [
    (8, 3, 2, "h-swish"),
    (None, 3, 2, "relu"),
    ("squeeze-excite", 4),
    (8, 1, 1, "linear"),
    (20, 1, 1, "h-swish"),
    (None, 5, 2, "h-swish"),
    ("squeeze-excite", 8),
    (12, 1, 1, "linear"),
    ([(24, 1, 1, "h-swish"), (None, 5, 1, "h-swish"), (12, 1, 1, "linear")], "residual"),
    (32, 1, 1, "h-swish"),
]
V4 = [
    (8, 3, 2, "relu"),
    (12, 3, 2, "relu"),
    (8, 1, 1, "relu"),
    (20, 3, 2, "relu"),
    (12, 1, 1, "linear"),
    ([(None, 3, 1, "linear"), (24, 1, 1, "relu"), (None, 5, 1, "relu"), (12, 1, 1, "linear")], "residual"),
    (None, 5, 1, "linear"),
    (24, 1, 1, "relu"),
    (None, 3, 2, "relu"),
    (16, 1, 1, "linear"),
    ([(32, 1, 1, "relu"), (16, 1, 1, "linear")], "residual"),
    (32, 1, 1, "relu"),
]


# V1 at width 0.1, with timm's rounding: what is recognised as a network of a paper.
V1_CHANNELS = [(8, 1), (16, 2), (16, 1), (24, 2), (24, 1), (48, 2), *[(48, 1)] * 5, (104, 2), (104, 1)]
V1 = [(8, 3, 2, "relu6")] + [
    layer
    for channels, stride in V1_CHANNELS
    for layer in [(None, 3, stride, "relu6"), (channels, 1, 1, "relu6")]
]


def fill(model, seed, gain=1):
    """Weights of He's variance times `gain`, and a classifier whose classes are further apart."""
    weighted = [layer for layer in model.layers if layer.weights]
    for layer in weighted:
        kernel, bias = layer.weights
        depthwise = isinstance(layer, layers.DepthwiseConv2D)
        fan_in = numpy.prod(kernel.shape[:2] if depthwise else kernel.shape[:-1])
        bound = numpy.sqrt(6 / fan_in) * (2 if layer is weighted[-1] else gain)
        values = 2 * uniform(f"{seed} {layer.name}", int(numpy.prod(kernel.shape))) - 1
        biases = 2 * uniform(f"{seed} {layer.name} bias", bias.shape[0]) - 1
        layer.set_weights([bound * values.reshape(kernel.shape), 0.2 * biases])


ENDS = {"": tensorflow.int8, "u8": tensorflow.uint8, "f32": tensorflow.float32}


def convert(model, kind, low, high):
    """`kind`: the numbers inside, and after a slash those of the picture and the probabilities where they are others."""
    kind, _, ends = kind.partition("/")
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    if kind == "f32":
        return converter.convert()
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    if kind == "f16":
        converter.target_spec.supported_types = [tensorflow.float16]
        return converter.convert()
    bytes_ = [picture(seed).astype(numpy.float32) for seed in PICTURES]
    converter.representative_dataset = lambda: ([(low + (high - low) * x / 255)[None]] for x in bytes_)
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = ENDS[ends]
    converter._experimental_disable_per_channel = kind == "u8"
    file = converter.convert()
    return unsigned(file) if kind == "u8" else file


def unsigned(file):
    """As TOCO quantised: one scale for a tensor, unsigned bytes, and no activation but the saturation of its output."""
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(file))
    graph = model.subgraphs[0]
    done = set()
    for tensor in graph.tensors:
        if tensor.type == schema.TensorType.INT8:
            tensor.type = schema.TensorType.UINT8
            tensor.quantization.zeroPoint = [int(zero) + 128 for zero in tensor.quantization.zeroPoint]
            buffer = model.buffers[tensor.buffer]
            if buffer.data is not None and tensor.buffer not in done:
                buffer.data = numpy.bitwise_xor(numpy.asarray(buffer.data, numpy.uint8), 0x80)
                done.add(tensor.buffer)
    for operator in graph.operators:
        if hasattr(operator.builtinOptions, "fusedActivationFunction"):
            operator.builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.NONE
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


class Apart:
    """A float network in the operators of older converters: activations by themselves, h-swish in its parts, and SQUEEZE."""

    def __init__(self, file):
        self.model = flatbuffer_utils.convert_bytearray_to_object(bytearray(file))
        self.graph = self.model.subgraphs[0]
        self.codes = {max(code.builtinCode, code.deprecatedBuiltinCode): i for i, code in enumerate(self.model.operatorCodes)}

    def bytes(self):
        operators, self.graph.operators = self.graph.operators, []
        for operator in operators:
            match self.builtin(operator):
                case schema.BuiltinOperator.HARD_SWISH:
                    self.hard_swish(operator)
                case schema.BuiltinOperator.RESHAPE:
                    options = schema.SqueezeOptionsT()
                    options.squeezeDims = [1, 2]
                    self.add("SQUEEZE", operator.inputs[:1], operator.outputs[0], "SqueezeOptions", options)
                case _:
                    self.split(operator)
        return bytes(flatbuffer_utils.convert_object_to_bytearray(self.model))

    def builtin(self, operator):
        code = self.model.operatorCodes[operator.opcodeIndex]
        return max(code.builtinCode, code.deprecatedBuiltinCode)

    def split(self, operator):
        """Adds an operator, and its fused activation as another."""
        self.graph.operators.append(operator)
        fused = schema.ActivationFunctionType
        names = {fused.RELU: "RELU", fused.RELU6: "RELU6"}
        name = names.get(getattr(operator.builtinOptions, "fusedActivationFunction", fused.NONE))
        if name:
            (output,) = operator.outputs
            operator.outputs = [self.like(output)]
            operator.builtinOptions.fusedActivationFunction = fused.NONE
            self.add(name, operator.outputs, output)

    def hard_swish(self, operator):
        (x,), (output,) = operator.inputs, operator.outputs
        shifted, clipped, product = (self.like(x) for _ in range(3))
        self.add("ADD", [x, self.constant(3.0)], shifted, "AddOptions", schema.AddOptionsT())
        self.add("RELU6", [shifted], clipped)
        self.add("MUL", [x, clipped], product, "MulOptions", schema.MulOptionsT())
        self.add("DIV", [product, self.constant(6.0)], output, "DivOptions", schema.DivOptionsT())

    def add(self, name, inputs, output, kind="NONE", options=None):
        builtin = getattr(schema.BuiltinOperator, name)
        if builtin not in self.codes:
            code = schema.OperatorCodeT()
            code.builtinCode = code.deprecatedBuiltinCode = builtin
            self.codes[builtin] = len(self.model.operatorCodes)
            self.model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = self.codes[builtin], inputs, [output]
        operator.builtinOptionsType, operator.builtinOptions = getattr(schema.BuiltinOptions, kind), options
        self.graph.operators.append(operator)

    def like(self, tensor):
        """Another tensor of the same shape."""
        return self.push(copy.deepcopy(self.graph.tensors[tensor]))

    def constant(self, value):
        tensor, buffer = schema.TensorT(), schema.BufferT()
        buffer.data = numpy.frombuffer(numpy.float32(value).tobytes(), numpy.uint8)
        tensor.shape, tensor.type, tensor.buffer = [], schema.TensorType.FLOAT32, len(self.model.buffers)
        self.model.buffers.append(buffer)
        return self.push(tensor)

    def push(self, tensor):
        tensor.name = f"part {len(self.graph.tensors)}".encode()
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1


def outputs(file, normalised):
    """The interpreter's probabilities, by its reference kernels. `normalised`: the graph takes bytes."""
    interpreter = Interpreter(model_content=file, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    found = []
    for seed in PICTURES:
        pixels = picture(seed).astype(numpy.float64)
        match taken["dtype"]:
            case numpy.uint8:
                values = pixels
            case numpy.int8:
                values = pixels - 128
            case numpy.float32:
                values = pixels if normalised else pixels / 127.5 - 1
        interpreter.set_tensor(taken["index"], values.astype(taken["dtype"])[None])
        interpreter.invoke()
        values = interpreter.get_tensor(given["index"])[0].astype(numpy.float64)
        if given["dtype"] != numpy.float32:
            scale, zero = given["quantization"]
            values = scale * (values - zero)
        found.append([float(numpy.float32(value)) for value in values])
    return found


GOLDENS = {
    "v1-0.1-u8": (V1, vector_tail, "u8", {}),
    "v2-like-f32": (V1_AND_V2, vector_tail, "f32", {}),
    "v2-like-apart": (V1_AND_V2, slim_tail, "f32", {"normalised": standardised}),
    "v3-like-f16": (V3, map_tail, "f16", {"normalised": rescaled}),
    "v3-like-apart": (V3, map_tail, "f32", {}),
    "v4-like-f32": (V4, map_tail, "f32", {"symmetric": True}),
    "v4-like-apart": (V4, slim_tail, "f32", {"symmetric": True}),
    "v2-like-u8": (V1_AND_V2, vector_tail, "u8", {}),
    "v2-slim-u8": (V1_AND_V2, slim_tail, "u8", {}),
    "v2-like-i8-f32": (V1_AND_V2, vector_tail, "i8/f32", {}),
    "v2-slim-i8-u8": (V1_AND_V2, slim_tail, "i8/u8", {"normalised": standardised}),
    "v3-like-i8": (V3, map_tail, "i8", {"normalised": rescaled}),
    "v3-like-u8": (V3, map_tail, "u8", {}),
    "binary-f32": (V1_AND_V2, binary_tail, "f32", {}),
    "binary-i8": (V1_AND_V2, binary_tail, "i8", {}),
    # The graph computes the shape for its RESHAPE, with the operators SHAPE, STRIDED_SLICE and PACK.
    "v2-batch-f32": (V1_AND_V2, map_tail, "f32", {"normalised": rescaled, "batch": None}),
}

# What is no MobileNet: its operators, and those that a MobileNet has too where it hasn't.
MISFITS = {
    "no-concatenation": lambda x: vector_tail(layers.Concatenate()([x, x])),
    "no-max-pool": lambda x: vector_tail(layers.MaxPooling2D()(x)),
    "no-sigmoid": lambda x: layers.Activation("sigmoid")(layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(x))),
    "no-strided-pointwise": lambda x: vector_tail(layers.Conv2D(8, 1, 2)(x)),
}


def main():
    FOLDER.mkdir(exist_ok=True)
    table = {}
    for name, (steps, tail, kind, options) in GOLDENS.items():
        keras.backend.clear_session()
        model = network(steps, tail, **options)
        # H-swish gives less than ReLU.
        fill(model, name.rsplit("-", 1)[0], 1.35 if steps is V3 else 1)
        low, high = (0, 255) if options.get("normalised") else (-1, 1)
        file = convert(model, kind, low, high)
        if name.endswith("apart"):
            file = Apart(file).bytes()
        (FOLDER / f"{name}.tflite").write_bytes(file)
        table[name] = outputs(file, options.get("normalised"))
        print(name, len(file), "bytes", [max(row) for row in table[name]])
    for name, tail in MISFITS.items():
        keras.backend.clear_session()
        model = network([(4, 3, 2, "relu6"), (None, 3, 1, "relu6"), (4, 1, 1, "relu6")], tail)
        fill(model, name)
        (FOLDER / f"{name}.tflite").write_bytes(convert(model, "f32", -1, 1))
    lines = [f"  {json.dumps(name)}: {json.dumps(rows)}" for name, rows in table.items()]
    (FOLDER / "outputs.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
