#!/usr/bin/env python3
"""Turns a state dict saved by PyTorch before 1.6 into a safetensors file.

    torch_legacy_to_safetensors.py IN.pth OUT.safetensors [NAMES]

NAMES is `efficientnet-lite0` for weights of that package, whose tensors get
timm's names. Needs the standard library only. A pickle can name any Python object to be
called on loading; this reader knows four names and refuses every other.

The old format is a sequence of pickles: a magic number, a protocol version,
facts about the machine, the state dict (whose tensors refer to storages by a
key), and the list of storage keys; then, for each key in that order, the
storage: its element count as a 64-bit integer and its elements, little-endian.
"""

import collections
import itertools
import json
import math
import pickle
import struct
import sys

import efficientnet_lite0_names

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
# Storage class of torch -> (safetensors' name of the type, bytes per element).
DTYPES = {
    "FloatStorage": ("F32", 4),
    "HalfStorage": ("F16", 2),
    "BFloat16Storage": ("BF16", 2),
    "LongStorage": ("I64", 8),
}
# Bytes per element -> memoryview's name of an integer of that size.
INTEGERS = {2: "H", 4: "I", 8: "Q"}
RENAMERS = {"efficientnet-lite0": efficientnet_lite0_names.timm_name}

Storage = collections.namedtuple("Storage", "dtype itemsize key numel")
Tensor = collections.namedtuple("Tensor", "storage offset shape stride")


def rebuild_tensor(storage, offset, size, stride, *_):
    """Stands in for torch._utils._rebuild_tensor_v2."""
    valid = len(size) == len(stride) and offset >= 0 and all(extent >= 0 for extent in size)
    if not valid or any(step < 1 < extent for extent, step in zip(size, stride)):
        raise ValueError(f"a tensor of shape {size} has strides {stride} and offset {offset}")
    if math.prod(size) > storage.numel:
        raise ValueError(f"a tensor of shape {size} has more elements than its storage")
    last = sum((extent - 1) * step for extent, step in zip(size, stride))
    if offset + last >= storage.numel and 0 not in size:
        raise ValueError(f"a tensor of shape {size} goes past the end of its storage")
    return Tensor(storage, offset, list(size), list(stride))


def row_major(tensor, data):
    """The tensor's bytes, the last index running fastest, from the data of its storage."""
    shape, stride, itemsize = tensor.shape, tensor.stride, tensor.storage.itemsize
    target = bytearray(math.prod(shape) * itemsize)
    elements = memoryview(target).cast(INTEGERS[itemsize])
    source = memoryview(data).cast(INTEGERS[itemsize])
    steps = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    # One copy for all indices of the longest axis.
    longest = max(range(len(shape)), key=lambda axis: shape[axis], default=None)
    count, step, pace = (1, 1, 1) if longest is None else (shape[longest], steps[longest], stride[longest])
    others = [range(1 if axis == longest else extent) for axis, extent in enumerate(shape)]
    for index in itertools.product(*others) if count else ():
        to = sum(i * s for i, s in zip(index, steps))
        start = tensor.offset + sum(i * s for i, s in zip(index, stride))
        if count == 1:
            elements[to] = source[start]
        else:
            elements[to : to + (count - 1) * step + 1 : step] = source[start : start + (count - 1) * pace + 1 : pace]
    return bytes(target)


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
    for name, tensor in state.items():
        yield name, tensor.storage.dtype, tensor.shape, row_major(tensor, data[tensor.storage.key])


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
    source, target, *names = sys.argv[1:]
    with open(source, "rb") as file:
        tensors = list(load(file))
    for renamer in names:
        tensors = [(RENAMERS[renamer](name), *rest) for name, *rest in tensors]
    with open(target, "wb") as file:
        save(tensors, file)


if __name__ == "__main__":
    main()
