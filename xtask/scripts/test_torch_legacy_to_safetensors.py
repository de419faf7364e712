"""Tests of torch_legacy_to_safetensors.py on files made here, without torch.

    python3 -m unittest discover -s xtask/scripts
"""

import collections
import io
import itertools
import json
import pickle
import struct
import sys
import types
import unittest

import efficientnet_lite0_names
import torch_legacy_to_safetensors as converter


class Storage:
    """A storage as the old format refers to it: by name, key and size."""

    def __init__(self, kind, key, values, code):
        self.kind, self.key, self.values, self.code = kind, key, values, code


class Tensor:
    def __init__(self, storage, offset, size, stride):
        self.parts = (storage, offset, size, stride)

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (*self.parts, False, collections.OrderedDict())


def _rebuild_tensor_v2(*_):
    raise AssertionError("only named, never called")


def fake_torch():
    """Modules that let pickle write torch's names."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in ("FloatStorage", "LongStorage", "QInt8Storage"):
        setattr(torch, kind, type(kind, (), {"__module__": "torch"}))
    _rebuild_tensor_v2.__module__ = "torch._utils"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    return {"torch": torch, "torch._utils": utils}


def legacy_file(state, storages, magic=converter.MAGIC):
    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            if isinstance(obj, Storage):
                kind = getattr(sys.modules["torch"], obj.kind)
                return ("storage", kind, obj.key, "cpu", len(obj.values), None)
            return None

    file = io.BytesIO()
    modules = fake_torch()
    sys.modules.update(modules)
    try:
        for obj in (magic, converter.PROTOCOL, {"little_endian": True}, state, [s.key for s in storages]):
            Pickler(file, protocol=2).dump(obj)
    finally:
        for name in modules:
            del sys.modules[name]
    for storage in storages:
        file.write(struct.pack(f"<q{len(storage.values)}{storage.code}", len(storage.values), *storage.values))
    file.seek(0)
    return file


def read_safetensors(data):
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    return header, data[8 + length :]


class ConverterTest(unittest.TestCase):
    def setUp(self):
        self.floats = Storage("FloatStorage", "1", [1.0, -2.5, 3.0, 4.0, 5.0, 6.0, 7.0], "f")
        self.count = Storage("LongStorage", "2", [42], "q")

    def convert(self, state, storages, **options):
        out = io.BytesIO()
        converter.save(list(converter.load(legacy_file(state, storages, **options))), out)
        return read_safetensors(out.getvalue())

    def test_tensors_keep_their_values(self):
        state = collections.OrderedDict(
            weight=Tensor(self.floats, 1, (2, 3), (3, 1)),
            bias=Tensor(self.floats, 0, (1,), (1,)),
            batches=Tensor(self.count, 0, (), ()),
        )
        header, data = self.convert(state, [self.floats, self.count])
        values = {}
        for name, tensor in header.items():
            begin, end = tensor["data_offsets"]
            code = {"F32": "f", "I64": "q"}[tensor["dtype"]]
            values[name] = list(struct.unpack(f"<{(end - begin) // struct.calcsize(code)}{code}", data[begin:end]))
        self.assertEqual(values, {"weight": [-2.5, 3.0, 4.0, 5.0, 6.0, 7.0], "bias": [1.0], "batches": [42]})
        self.assertEqual(header["weight"]["shape"], [2, 3])
        self.assertEqual(header["batches"], {"dtype": "I64", "shape": [], "data_offsets": [0, 8]})

    def test_tensors_of_other_orders_become_row_major(self):
        count = 2 * 3 * 4 * 5
        storage = Storage("FloatStorage", "1", [float(value) for value in range(count + 1)], "f")
        # As converters from TensorFlow leave them: the first index runs fastest. And with a gap between rows.
        shapes = {"turned": ((2, 3, 4, 5), (1, 40, 2, 8)), "gaps": ((4, 3), (9, 2)), "none": ((3, 0), (1, 1))}
        header, data = self.convert(
            {name: Tensor(storage, 1, *shape) for name, shape in shapes.items()}, [storage]
        )
        for name, (shape, stride) in shapes.items():
            begin, end = header[name]["data_offsets"]
            found = struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])
            indices = itertools.product(*map(range, shape))
            expected = [1.0 + sum(i * step for i, step in zip(index, stride)) for index in indices]
            self.assertEqual(list(found), expected, name)
            self.assertEqual(header[name]["shape"], list(shape))

    def test_names_of_lite0(self):
        for theirs, timms in [
            ("_conv_stem.weight", "conv_stem.weight"),
            ("_bn0.running_var", "bn1.running_var"),
            ("_blocks.0._depthwise_conv.weight", "blocks.0.0.conv_dw.weight"),
            ("_blocks.0._bn1.bias", "blocks.0.0.bn1.bias"),
            ("_blocks.0._project_conv.weight", "blocks.0.0.conv_pw.weight"),
            ("_blocks.1._bn0.weight", "blocks.1.0.bn1.weight"),
            ("_blocks.2._expand_conv.weight", "blocks.1.1.conv_pw.weight"),
            ("_blocks.11._depthwise_conv.weight", "blocks.5.0.conv_dw.weight"),
            ("_blocks.15._project_conv.weight", "blocks.6.0.conv_pwl.weight"),
            ("_blocks.15._bn2.running_mean", "blocks.6.0.bn3.running_mean"),
            ("_bn1.weight", "bn2.weight"),
            ("_fc.bias", "classifier.bias"),
        ]:
            self.assertEqual(efficientnet_lite0_names.timm_name(theirs), timms)
        for other in ["_blocks.16._bn1.bias", "_blocks.0._bn0.bias", "_blocks.-1._bn0.bias", "_swish.weight", "bias"]:
            with self.assertRaisesRegex(ValueError, "no tensor of EfficientNet-Lite0"):
                efficientnet_lite0_names.timm_name(other)

    def test_other_names_are_refused(self):
        class Attack:
            def __reduce__(self):
                return print, ("called",)

        with self.assertRaisesRegex(pickle.UnpicklingError, "print"):
            self.convert({"weight": Attack()}, [])
        odd = Storage("QInt8Storage", "3", [1], "b")
        with self.assertRaisesRegex(pickle.UnpicklingError, "QInt8Storage"):
            self.convert({"weight": Tensor(odd, 0, (1,), (1,))}, [odd])

    def test_bad_files_are_refused(self):
        with self.assertRaisesRegex(ValueError, "old format"):
            self.convert({}, [], magic=7)
        with self.assertRaisesRegex(ValueError, "past the end"):
            self.convert({"weight": Tensor(self.floats, 5, (3,), (1,))}, [self.floats])
        with self.assertRaisesRegex(ValueError, "past the end"):
            self.convert({"weight": Tensor(self.floats, 0, (3, 2), (1, 5))}, [self.floats])
        with self.assertRaisesRegex(ValueError, "more elements"):
            self.convert({"weight": Tensor(self.floats, 0, (4, 4), (1, 1))}, [self.floats])
        for size, stride, offset in [((2,), (0,), 0), ((2,), (-1,), 2), ((-2,), (1,), 0), ((2,), (1,), -1), ((2,), (), 0)]:
            with self.assertRaisesRegex(ValueError, "has strides"):
                self.convert({"weight": Tensor(self.floats, offset, size, stride)}, [self.floats])
        file = legacy_file({"weight": Tensor(self.floats, 0, (7,), (1,))}, [self.floats])
        cut = io.BytesIO(file.getvalue()[:-1])
        with self.assertRaisesRegex(ValueError, "cut short"):
            list(converter.load(cut))


if __name__ == "__main__":
    unittest.main()
