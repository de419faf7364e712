"""Tests of torch_legacy_to_safetensors.py on files made here, without torch.

    python3 -m unittest discover -s xtask/scripts
"""

import collections
import io
import json
import pickle
import struct
import sys
import types
import unittest

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
        with self.assertRaisesRegex(ValueError, "not contiguous"):
            self.convert({"weight": Tensor(self.floats, 0, (2, 3), (1, 2))}, [self.floats])
        file = legacy_file({"weight": Tensor(self.floats, 0, (7,), (1,))}, [self.floats])
        cut = io.BytesIO(file.getvalue()[:-1])
        with self.assertRaisesRegex(ValueError, "cut short"):
            list(converter.load(cut))


if __name__ == "__main__":
    unittest.main()
