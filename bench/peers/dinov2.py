#!/usr/bin/env python3
"""Holds goldpan's DINOv2 against the `transformers` implementation: equal embeddings, images a second.

    cmake --preset release -DGOLDPAN_WITH_TORCH=ON -DGOLDPAN_BUILD_BENCHMARKS=ON
    cmake --build --preset release --target dinov2_encode
    pip install torch transformers safetensors pillow numpy
    python bench/peers/dinov2.py build/release/bench/peers/dinov2_encode

The weights are random (nothing is downloaded); --weights FOLDER takes a downloaded model instead. Both
sides get the same 8-bit images and do the published preprocessing themselves: the peer with PIL.
Exits with 1 if an embedding differs by 1e-4 or more.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from PIL import Image
from transformers import Dinov2Config, Dinov2Model

TOLERANCE = 1e-4
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


def random_model(dim: int, layers: int, seed: int) -> Dinov2Model:
    config = Dinov2Config(hidden_size=dim, num_attention_heads=dim // 64, num_hidden_layers=layers,
                          image_size=518, patch_size=14)
    torch.manual_seed(seed)
    model = Dinov2Model(config).eval()
    with torch.no_grad():  # nothing at its neutral value: a forgotten bias or scale must show
        for name, value in model.named_parameters():
            if name.endswith("bias"):
                value.normal_(0, 0.1)
            elif "norm" in name:
                value.normal_(1, 0.2)
            elif "lambda" in name:
                value.uniform_(0.05, 1.0)
            elif "cls_token" in name or "position" in name:
                value.normal_(0, 0.5)
            else:
                value.normal_(0, value[0].numel() ** -0.5)
    return model


def preprocess(images: np.ndarray, size: int) -> torch.Tensor:
    shorter = size * 256 // 224
    out = []
    for pixels in images:
        height, width = pixels.shape[:2]
        target = ((int(shorter * width / height), shorter) if width > height
                  else (shorter, int(shorter * height / width)))
        # One pass after the other: from version 13 on Pillow changes the order of the two for portraits.
        wide = Image.fromarray(pixels).resize((target[0], height), Image.BICUBIC)
        image = np.asarray(wide.resize(target, Image.BICUBIC))
        top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
        image = image[top:top + size, left:left + size].astype(np.float32) / 255
        out.append(((image - MEAN) / STD).transpose(2, 0, 1))
    return torch.from_numpy(np.stack(out))


def blurred_noise(count: int, height: int, width: int, seed: int) -> np.ndarray:
    """Pictures with structure at every scale, rather than white noise that scaling would level."""
    random = np.random.default_rng(seed)
    images = np.zeros((count, height, width, 3), np.float32)
    for cells in (2, 5, 13, 40, 120):
        coarse = random.integers(0, 256, (count, cells, cells, 3), dtype=np.uint8)
        for i in range(count):
            images[i] += np.asarray(Image.fromarray(coarse[i]).resize((width, height), Image.BICUBIC))
    return (images / 5).clip(0, 255).astype(np.uint8)


def encode(tool: str, weights: pathlib.Path, size: int, threads: int, repeats: int, images: np.ndarray,
           folder: pathlib.Path) -> tuple[np.ndarray, float, float]:
    np.save(folder / "in.npy", images)
    done = subprocess.run([tool, str(weights), str(size), str(threads), str(repeats),
                           str(folder / "in.npy"), str(folder / "out.npy")],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    rate, cpu = map(float, done.stdout.split())
    return np.load(folder / "out.npy"), rate, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", help="the program dinov2_encode")
    parser.add_argument("--weights", help="folder of a downloaded model, instead of random weights")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--images", type=int, default=32, help="images for the timing")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the timing, alternating")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        worst = 0.0
        cases = [(384, 12, 224, 720, 1280), (384, 12, 224, 100, 60), (384, 12, 112, 333, 257),
                 (384, 12, 518, 500, 600), (768, 12, 224, 300, 300), (768, 12, 280, 480, 300)]
        models = {}
        for dim, layers, size, height, width in cases:
            if arguments.weights:
                models.setdefault(dim, Dinov2Model.from_pretrained(arguments.weights).eval())
            elif dim not in models:
                models[dim] = random_model(dim, layers, seed=dim)
            model = models[dim]
            if dim == cases[0][0]:
                small = model
            model.save_pretrained(folder / str(dim), safe_serialization=True)
            weights = folder / str(dim) / "model.safetensors"
            images = blurred_noise(3, height, width, seed=size)
            ours, _, _ = encode(arguments.tool, weights, size, arguments.threads, 1, images, folder)
            with torch.inference_mode():
                theirs = model(preprocess(images, size)).last_hidden_state[:, 0].numpy()
            difference = float(np.abs(ours - theirs).max())
            worst = max(worst, difference)
            print(f"{ours.shape[1]} dimensions, {width}x{height} -> {size}: largest difference {difference:.2e} "
                  f"(embeddings up to {np.abs(theirs).max():.2f})", flush=True)

        weights = folder / str(cases[0][0]) / "model.safetensors"
        images = blurred_noise(arguments.images, 256, 256, seed=1)
        pixels = preprocess(images, 224)
        ratios, cpu_ratios = [], []
        for round_number in range(arguments.rounds):
            _, rate, cpu = encode(arguments.tool, weights, 224, arguments.threads, 1, images, folder)
            their_rate, their_cpu = 0.0, float("inf")
            for batch in (8, 32):  # the peer's best batch
                with torch.inference_mode():
                    if round_number == 0:
                        small(pixels[:batch])  # warm up
                    begin, cpu_begin = time.perf_counter(), time.process_time()
                    for at in range(0, len(pixels), batch):
                        small(pixels[at:at + batch])
                    their_rate = max(their_rate, len(pixels) / (time.perf_counter() - begin))
                    their_cpu = min(their_cpu, (time.process_time() - cpu_begin) / len(pixels))
            ratios.append(rate / their_rate)
            cpu_ratios.append(their_cpu / cpu)
            print(f"goldpan {rate:.2f} images/s ({cpu * 1e3:.0f} ms of processor an image, preprocessing "
                  f"included), torch {torch.__version__} {their_rate:.2f} ({their_cpu * 1e3:.0f} ms): "
                  f"{ratios[-1]:.2f} x by the clock, {cpu_ratios[-1]:.2f} x by processor time", flush=True)
        print(f"median {np.median(ratios):.2f} x by the clock, {np.median(cpu_ratios):.2f} x by processor time, "
              f"{arguments.threads} threads; largest difference {worst:.2e}")
    if worst >= TOLERANCE:
        sys.exit(f"embeddings differ by {worst:.2e}, expected less than {TOLERANCE:g}")


if __name__ == "__main__":
    main()
