"""Times other programs on the work that `cargo xtask bench-speed` times ours on; prints JSON.

    python speed.py networks THREADS   the network in PyTorch eager and in OpenVINO (plain graph)
    python speed.py images PNG…        Pillow, and stains by NumPy and SciPy, one thread
    python speed.py maps FOLDER        writes the maps and masks the metrics are timed on

The network is that of docs/method.md (AESc, RGB, 256 x 256, width 16, depth 6) written with the
layers PyTorch offers for it. Times are medians.
"""

import json, os, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
RATES = [0, 0, 0.1, 0.2, 0.3, 0.4]


def median_secs(work, repeats):
    work()
    secs = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        secs.append(time.perf_counter() - start)
    return sorted(secs)[len(secs) // 2]


def network():
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            sides = [3, 16, 32, 64, 128, 256, 512]
            norm = lambda c: nn.BatchNorm2d(c, eps=1e-3, momentum=0.01)
            self.down = nn.ModuleList(nn.Conv2d(a, b, 5, 2) for a, b in zip(sides, sides[1:]))
            self.down_norm = nn.ModuleList(norm(c) for c in sides[1:])
            up = [512, 256, 128, 64, 32, 16, 3]
            self.up = nn.ModuleList(nn.Conv2d(a, b, 5, padding=2) for a, b in zip(up, up[1:]))
            self.up_norm = nn.ModuleList(norm(c) for c in up[1:-1])

        def forward(self, x, drops=False):
            thin = lambda h, scale: F.dropout(h, RATES[scale]) if drops and RATES[scale] else h
            skips = []
            for scale, (conv, norm) in enumerate(zip(self.down, self.down_norm)):
                x = thin(F.leaky_relu(norm(conv(F.pad(x, (1, 2, 1, 2)))), 0.3), scale)
                skips.append(x)
            for at, (conv, norm) in enumerate(zip(self.up, self.up_norm)):
                scale = 4 - at
                x = F.leaky_relu(norm(conv(F.interpolate(x, scale_factor=2))), 0.3)
                x = thin(x, scale) + skips[scale]
            return torch.sigmoid(self.up[5](F.interpolate(x, scale_factor=2)))

    torch.manual_seed(0)
    return Network()


def pytorch(threads):
    import torch

    torch.set_num_threads(threads)
    net = network()
    adam = torch.optim.Adam(net.parameters(), 1e-3, eps=1e-7)
    x = torch.rand(16, 3, 256, 256)

    def step():
        loss = torch.nn.functional.mse_loss(net(x), x)
        adam.zero_grad()
        loss.backward()
        adam.step()
        loss.item()

    found = {"train_b16_f32": 16 / median_secs(step, 6)}
    net.eval()
    with torch.no_grad():
        for b in (1, 16):
            found[f"infer_b{b}_f32"] = b / median_secs(lambda: net(x[:b]), 10)
        batched = lambda: net(x[:1].expand(30, -1, -1, -1), True).var(0, unbiased=False)
        looped = lambda: torch.stack([net(x[:1], True) for _ in range(30)]).var(0, unbiased=False)
        found["mc30_f32"] = 1e3 * min(median_secs(batched, 3), median_secs(looped, 3))
    return found, net.eval()


def openvino(net, threads):
    import numpy as np
    import openvino
    import torch

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "plain.onnx")
        torch.onnx.export(
            net, (torch.rand(1, 3, 256, 256),), path, input_names=["x"], output_names=["y"],
            dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, opset_version=17, dynamo=False,
        )
        for b in (1, 16):
            core = openvino.Core()
            model = core.read_model(path)
            model.reshape([b, 3, 256, 256])
            hints = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
            request = core.compile_model(model, "CPU", hints).create_infer_request()
            x = np.random.rand(b, 3, 256, 256).astype(np.float32)
            found[f"infer_b{b}_f32"] = b / median_secs(lambda: request.infer({0: x}), 12)
    return found


def stain(image, rng):
    """The stain of docs/method.md, blur 0.15, written straight down."""
    import numpy as np
    from PIL import Image, ImageDraw
    from scipy.interpolate import CubicSpline
    from scipy.ndimage import gaussian_filter

    h, w, _ = image.shape
    level = rng.integers(10, 221)
    a, b = rng.integers(2, 31, 2)
    turn = rng.uniform(0, 2 * np.pi)
    far = max(a, b)
    cy, cx = rng.integers(far, h - far), rng.integers(far, w - far)
    t = np.linspace(0, 2 * np.pi, 22, endpoint=False)
    reach = int(0.1 * (a + b) / 2)
    y = cy + a * np.cos(t) * np.sin(turn) + b * np.sin(t) * np.cos(turn)
    x = cx + a * np.cos(t) * np.cos(turn) - b * np.sin(t) * np.sin(turn)
    x, y = x + rng.integers(-reach, reach + 1, 22), y + rng.integers(-reach, reach + 1, 22)
    order = np.argsort(np.arctan2(y - cy, x - cx))
    closed = np.append(order, order[0])
    at = np.linspace(0, 22, 220)
    outline = CubicSpline(np.arange(23), np.stack([x[closed], y[closed]], 1), bc_type="periodic")(at)
    mask = Image.new("L", (w, h))
    ImageDraw.Draw(mask).polygon([tuple(point) for point in outline], fill=1)
    soft = gaussian_filter(np.asarray(mask, np.float32), 0.15 * far, mode="reflect")[..., None]
    texture = np.clip(level / 255 + rng.normal(0, np.sqrt(0.05 / 255), image.shape), 0, 1)
    return image * (1 - soft) + texture * soft


def images(paths):
    import numpy as np
    from PIL import Image

    secs = []
    for path in paths:
        start = time.perf_counter()
        np.asarray(Image.open(path).convert("RGB").resize((256, 256), Image.LANCZOS))
        secs.append(time.perf_counter() - start)
    clean, rng = np.full((256, 256, 3), 0.5), np.random.default_rng(0)
    return {
        "Pillow": {"decode_resize": 1 / sorted(secs)[len(secs) // 2]},
        "NumPy and SciPy": {"stain_blur": 1 / median_secs(lambda: stain(clean, rng), 100)},
    }


def maps(folder):
    sys.path.insert(0, os.path.join(HERE, "../../crates/aesc-eval/peers"))
    from compare import draw

    return {str(side): draw(side, folder) for side in (256, 900)}


if __name__ == "__main__":
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "networks":
        threads = int(rest[0])
        eager, net = pytorch(threads)
        found = {"PyTorch eager": eager, "OpenVINO, plain graph": openvino(net, threads)}
    elif what == "images":
        found = images(rest)
    else:
        found = maps(rest[0])
    print(json.dumps(found))
