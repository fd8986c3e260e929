"""Holds the encoder table's transformer rows against transformers itself, on random weights in the published layouts.

    python3 bench/peers/encoder_exports.py --goldpan build/release/apps/goldpan/goldpan --images DIR --out DIR

Published weights of CLIP, SigLIP and DINOv2 are not everywhere to be had; what can go wrong here is not in their values
but in the way images reach them: resizing, cropping, statistics, which output is taken. So each network is built with
random weights (of full width, fewer layers with --layers), exported to ONNX under the names that its exports go by, and
fed with DIR's images by `goldpan embed` and by transformers' own image processor. Images of odd sizes are cut from
them. Needs torch, transformers, onnx, Pillow below 13 (docs/decisions/0083).
"""
from __future__ import annotations

import argparse
import pathlib
import subprocess

import numpy as np
import torch
import transformers as hf
from PIL import Image

ODD = [(37, 91), (224, 224), (225, 223), (640, 361), (97, 640), (300, 300), (511, 257), (1000, 999)]


class Output(torch.nn.Module):
    """A model that gives one tensor by name, as exports have it."""

    def __init__(self, model: torch.nn.Module, name: str) -> None:
        super().__init__()
        self.model, self.name = model, name

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return getattr(self.model(pixel_values), self.name)


def networks(layers: int) -> dict[str, tuple[torch.nn.Module, object, str, str]]:
    """Row -> model, processor, output, file."""
    deep = {"num_hidden_layers": layers}
    clip = hf.CLIPVisionModelWithProjection(hf.CLIPVisionConfig(patch_size=32, image_size=224, projection_dim=512, **deep))
    siglip = hf.SiglipVisionModel(hf.SiglipVisionConfig(patch_size=16, image_size=224, **deep))
    dino = hf.Dinov2Model(hf.Dinov2Config(hidden_size=384, num_attention_heads=6, patch_size=14, image_size=518, **deep))
    return {
        "clip_vitb32": (clip, hf.CLIPImageProcessor(), "image_embeds", "clip-vit-base-patch32/vision_model.onnx"),
        "siglip_base": (siglip, hf.SiglipImageProcessor(size={"height": 224, "width": 224}), "pooler_output",
                        "siglip-base-patch16-224/vision_model.onnx"),
        "dinov2_vits14": (dino, hf.BitImageProcessor(size={"shortest_edge": 256}, crop_size={"height": 224, "width": 224},
                                                     image_mean=hf.image_utils.IMAGENET_DEFAULT_MEAN,
                                                     image_std=hf.image_utils.IMAGENET_DEFAULT_STD),
                          "last_hidden_state", "dinov2-small/model.onnx"),
    }


def make_images(source: pathlib.Path, folder: pathlib.Path, count: int) -> list[Image.Image]:
    """PNG, so that both sides see the same pixels whatever their decoders do."""
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(p for p in source.rglob("*") if p.suffix in (".jpg", ".png"))[:count]
    assert files, f"no images in {source}"
    images = []
    for i, file in enumerate(files):
        image = Image.open(file).convert("RGB")
        if i % 2 == 1:
            image = image.resize(ODD[i // 2 % len(ODD)])
        image.save(folder / f"{i:03}.png")
        images.append(image)
    return images


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goldpan", required=True)
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--layers", type=int, default=12)
    options = parser.parse_args()
    torch.manual_seed(0)
    images = make_images(options.images, options.out / "images", options.count)
    for row, (model, processor, output, file) in networks(options.layers).items():
        model.eval()
        for layer in model.modules():
            if isinstance(layer, torch.nn.Conv2d) and layer.padding == "valid":
                layer.padding = (0, 0)  # the same, and older exporters know it
        path = options.out / file
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.onnx.export(Output(model, output), torch.zeros(1, 3, 224, 224), str(path), opset_version=14,
                          input_names=["pixel_values"], output_names=[output],
                          dynamic_axes={"pixel_values": {0: "batch"}, output: {0: "batch"}})
        embedded = options.out / row
        subprocess.run([options.goldpan, "embed", "--images", str(options.out / "images"), "--encoder", row, "--weights",
                        str(path), "--out", str(embedded), "--fresh"], check=True, stdout=subprocess.DEVNULL)
        ours = np.load(embedded / "embeddings.npy")
        with torch.no_grad():
            theirs = torch.cat([getattr(model(**processor(image, return_tensors="pt")), output) for image in images])
        theirs = (theirs[:, 0] if theirs.ndim == 3 else theirs).numpy()
        scale = np.abs(theirs).max()
        print(f"{row:14} {ours.shape[1]:4} dimensions, {len(ours)} images: largest difference "
              f"{np.abs(ours - theirs).max() / scale:.1e} of the largest value ({scale:.3g})", flush=True)


if __name__ == "__main__":
    main()
