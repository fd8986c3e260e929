#!/usr/bin/env python3
"""Writes a DINOv2 with random weights as a safetensors file, in the published layout: for trying out and timing the path
of `goldpan run --encoder dinov2` where the published weights are not at hand. Needs nothing but Python.

    bench/peers/random_dinov2.py outputs/random-dinov2.safetensors [--dim 384] [--layers 12] [--seed 1]

The embeddings mean little (random networks still tell colours and textures apart); the work is that of the real one.
"""
import argparse
import array
import json
import random
import struct


def tensors(dim: int, layers: int):
    """Name, shape, mean and deviation of each tensor."""
    def affine(name, *shape):
        inputs = 1
        for length in shape[1:]:
            inputs *= length
        return [(name + ".weight", shape, 0.0, inputs ** -0.5), (name + ".bias", shape[:1], 0.0, 0.02)]

    def norm(name):
        return [(name + ".weight", (dim,), 1.0, 0.1), (name + ".bias", (dim,), 0.0, 0.02)]

    listing = [("embeddings.cls_token", (1, 1, dim), 0.0, 0.02), ("embeddings.mask_token", (1, dim), 0.0, 0.02),
               ("embeddings.position_embeddings", (1, 1 + 37 * 37, dim), 0.0, 0.02)]
    listing += affine("embeddings.patch_embeddings.projection", dim, 3, 14, 14)
    for layer in range(layers):
        at = f"encoder.layer.{layer}."
        listing += norm(at + "norm1")
        for part in ("query", "key", "value"):
            listing += affine(at + "attention.attention." + part, dim, dim)
        listing += affine(at + "attention.output.dense", dim, dim)
        listing.append((at + "layer_scale1.lambda1", (dim,), 1.0, 0.1))
        listing += norm(at + "norm2")
        listing += affine(at + "mlp.fc1", 4 * dim, dim) + affine(at + "mlp.fc2", dim, 4 * dim)
        listing.append((at + "layer_scale2.lambda1", (dim,), 1.0, 0.1))
    return listing + norm("layernorm")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)
    noise = [generator.gauss(0, 1) for _ in range(1 << 16)]

    header, offset = {}, 0
    listing = tensors(arguments.dim, arguments.layers)
    for name, shape, _, _ in listing:
        count = 1
        for length in shape:
            count *= length
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + 4 * count]}
        offset += 4 * count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(arguments.file, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, _, mean, deviation in listing:
            begin, end = header[name]["data_offsets"]
            count = (end - begin) // 4
            values = array.array("f")
            while len(values) < count:  # pieces of one table of noise, begun anywhere: a second instead of a minute
                at = generator.randrange(len(noise))
                values.extend(mean + deviation * x for x in noise[at:at + count - len(values)])
            values.tofile(file)


if __name__ == "__main__":
    main()
