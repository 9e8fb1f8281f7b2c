"""Makes reconstruct.json: what PyTorch (2.11.0, f64) makes of a small network's plain form.

    pip install torch==2.11.0 && python reconstruct.py > reconstruct.json

Weights and image are formulas of their index, so that the test writes the same ones down again.
Depth 3, width 4, RGB, 16 x 24 pixels.
"""

import json

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)


def values(tensor, shape, scale, shift=0.0):
    n = torch.tensor(shape).prod().item()
    i = torch.arange(n)
    return (shift + scale * (((i * 7919 + tensor * 104729) % 2001 - 1000) / 1000.0)).reshape(shape)


def reconstruct(kind):
    tensor = 0

    def level(shape, norm=True):
        nonlocal tensor
        out = shape[0]
        parts = [values(tensor, shape, 0.1), values(tensor + 1, [out], 0.1)]
        if norm:
            parts += [values(tensor + 2, [out], 0.5, 1.0), values(tensor + 3, [out], 0.1)]
            parts += [values(tensor + 4, [out], 0.1), values(tensor + 5, [out], 0.4, 0.5)]
        tensor += len(parts)
        return parts

    def normed(x, parts):
        _, _, weight, bias, mean, variance = parts
        return F.leaky_relu(F.batch_norm(x, mean, variance, weight, bias, False, 0.0, 1e-3), 0.3)

    y, x, c = torch.meshgrid(torch.arange(16), torch.arange(24), torch.arange(3), indexing="ij")
    h = (((y * 31 + x * 17 + c * 7) % 256) / 255.0).permute(2, 0, 1)[None]
    skips = []
    for i, o in ((3, 4), (4, 8), (8, 16)):
        parts = level([o, i, 5, 5])
        h = normed(F.conv2d(F.pad(h, (1, 2, 1, 2)), parts[0], parts[1], stride=2), parts)
        skips.append(h)
    for at, o in ((1, 8), (0, 4)):
        parts = level([o, h.shape[1], 5, 5])
        h = normed(F.conv2d(F.interpolate(h, scale_factor=2), parts[0], parts[1], padding=2), parts)
        if kind == "aesc":
            h = h + skips[at]
        elif kind == "unet":
            h = torch.cat([h, skips[at]], 1)
    parts = level([3, h.shape[1], 5, 5], norm=False)
    out = torch.sigmoid(F.conv2d(F.interpolate(h, scale_factor=2), parts[0], parts[1], padding=2))
    return out[0].permute(1, 2, 0).reshape(-1)  # HWC


if __name__ == "__main__":
    print(json.dumps({kind: reconstruct(kind)[::101].tolist() for kind in ("ae", "aesc", "unet")}, indent=1))
