"""Writes pytorch/*.pkl, the pickles of torch.save, and pytorch/names.json, the names of their tensors in the order of
their storages. Their values are those of the goldens in networks/ with the same names.

    python tests/goldens/make_pytorch.py

needs torch, timm, torchvision and transformers.
"""

import io
import json
import zipfile
from pathlib import Path

import torch
from libraries import timm_model, torchvision_model

FOLDER = Path(__file__).parent / "pytorch"


def pickled(saved):
    """The archive's pickle. PyTorch calls the archive's folder `archive` where it has no name."""
    file = io.BytesIO()
    torch.save(saved, file)
    return zipfile.ZipFile(file).read("archive/data.pkl")


def main():
    FOLDER.mkdir(exist_ok=True)
    state = timm_model("v1", 0.25, 7).state_dict()
    # As a script of training on several devices saves it.
    parallel = torch.nn.DataParallel(torchvision_model("v3-small", 0.5, 7))
    training = {"epoch": 3, "best": 0.5, "args": ["a"], "state_dict": parallel.state_dict()}
    names = {}
    for golden, saved, state in [
        ("timm-v1-0.25-160", state, state),
        ("torchvision-v3-small-0.5-96", training, parallel.module.state_dict()),
    ]:
        (FOLDER / f"{golden}.pkl").write_bytes(pickled(saved))
        names[golden] = list(state)
    whole = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3))
    (FOLDER / "whole-model.pkl").write_bytes(pickled(whole))
    (FOLDER / "names.json").write_text(json.dumps(names, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
