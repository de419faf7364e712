#!/usr/bin/env python3
"""Turns a state dict saved by PyTorch before 1.6 into a safetensors file.

    torch_legacy_to_safetensors.py IN.pth OUT.safetensors

Needs the standard library only. A pickle can name any Python object to be
called on loading; this reader knows four names and refuses every other.

The old format is a sequence of pickles: a magic number, a protocol version,
facts about the machine, the state dict (whose tensors refer to storages by a
key), and the list of storage keys; then, for each key in that order, the
storage: its element count as a 64-bit integer and its elements, little-endian.
"""

import collections
import json
import pickle
import struct
import sys

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
# Storage class of torch -> (safetensors' name of the type, bytes per element).
DTYPES = {
    "FloatStorage": ("F32", 4),
    "HalfStorage": ("F16", 2),
    "BFloat16Storage": ("BF16", 2),
    "LongStorage": ("I64", 8),
}

Storage = collections.namedtuple("Storage", "dtype itemsize key numel")
Tensor = collections.namedtuple("Tensor", "storage offset shape")


def rebuild_tensor(storage, offset, size, stride, *_):
    """Stands in for torch._utils._rebuild_tensor_v2."""
    expected = 1
    for extent, step in reversed(list(zip(size, stride))):
        if extent != 1 and step != expected:
            raise ValueError(f"a tensor of shape {size} has strides {stride}: not contiguous")
        expected *= extent
    if offset + expected > storage.numel:
        raise ValueError(f"a tensor of shape {size} goes past the end of its storage")
    return Tensor(storage, offset, list(size))


class RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return rebuild_tensor
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise pickle.UnpicklingError(f"the file names {module}.{name}, which a state dict does not hold")

    def persistent_load(self, pid):
        kind, (dtype, itemsize), key, _location, numel, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError(f"unknown reference {pid!r}")
        return Storage(dtype, itemsize, key, numel)


def load(file):
    """Yields name, dtype, shape and bytes of each tensor of a legacy file."""

    def read_pickle():
        return RestrictedUnpickler(file).load()

    if read_pickle() != MAGIC or read_pickle() != PROTOCOL:
        raise ValueError("this is no file of PyTorch's old format")
    if not read_pickle()["little_endian"]:
        raise ValueError("the file is big-endian")
    state = read_pickle()
    storages = {tensor.storage.key: tensor.storage for tensor in state.values()}
    data = {}
    for key in read_pickle():
        (numel,) = struct.unpack("<q", file.read(8))
        if numel != storages[key].numel:
            raise ValueError(f"storage {key} has {numel} elements, not {storages[key].numel}")
        size = numel * storages[key].itemsize
        data[key] = file.read(size)
        if len(data[key]) != size:
            raise ValueError("the file is cut short")
    for name, (storage, offset, shape) in state.items():
        count = 1
        for extent in shape:
            count *= extent
        start = offset * storage.itemsize
        yield name, storage.dtype, shape, data[storage.key][start : start + count * storage.itemsize]


def save(tensors, file):
    # Widest elements first, as the format's own library sorts them: so each is aligned.
    width = {dtype: itemsize for dtype, itemsize in DTYPES.values()}
    tensors = sorted(tensors, key=lambda tensor: (-width[tensor[1]], tensor[0]))
    header, end = {}, 0
    for name, dtype, shape, data in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    for tensor in tensors:
        file.write(tensor[3])


def main():
    source, target = sys.argv[1:]
    with open(source, "rb") as file:
        tensors = list(load(file))
    with open(target, "wb") as file:
        save(tensors, file)


if __name__ == "__main__":
    main()
