"""Times reconstruction by every runtime on one machine, each in a process of its own, in turns.

    cargo xtask dist --libtorch cpu && cargo xtask dist --libtorch none
    pip install numpy onnx onnxruntime openvino
    python crates/aesc-onnx/peers/compare.py --full DIR_OF_CPU --pure DIR_OF_NONE --out data/results

The folders are the unpacked archives. The network is AESc of depth 6 and width 16 on 256 x 256 RGB;
`aesc` trains it for a few steps and exports it, and the peers run that file (`phase`) and the same
network with "nearest x2, 5x5 convolution" written out (`plain`). For `aesc` the time of an image is
what `aesc eval` measures over batches of 16; for the peers it is the better of batch 1 and 16.
"""
import argparse, csv, json, os, statistics, subprocess, sys, tempfile, time

SIDE, DEPTH, WIDTH = 256, 6, 16
HEADER = ["runtime", "graph", "threads", "ms an image", "images a second", "first result (s)", "peak MiB", "size on disk (MB)"]


def plain_graph(path):
    """The network without the phase form, random weights, norms folded."""
    import numpy as np, onnx
    from onnx import TensorProto, helper, numpy_helper

    rng, nodes, constants = np.random.default_rng(0), [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(value, name))
        return name

    def conv(x, name, c_in, c_out, stride, pads):
        weight = constant(name + ".w", rng.normal(0, 0.02, (c_out, c_in, 5, 5)).astype("f4"))
        bias = constant(name + ".b", np.zeros(c_out, "f4"))
        nodes.append(helper.make_node("Conv", [x, weight, bias], [name], strides=[stride] * 2, pads=pads, kernel_shape=[5, 5]))
        return name

    def leaky(x):
        nodes.append(helper.make_node("LeakyRelu", [x], [x + ".leaky"], alpha=0.3))
        return x + ".leaky"

    def up(x):
        nodes.append(helper.make_node("Resize", [x, "", "scales"], [x + ".up"], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"))
        return x + ".up"

    constant("scales", np.array([1, 1, 2, 2], "f4"))
    x, c, skips = "image", 3, []
    for level in range(DEPTH):
        x = leaky(conv(x, f"enc{level}", c, WIDTH << level, 2, [1, 1, 2, 2]))
        c = WIDTH << level
        skips.append(x)
    for level in reversed(range(DEPTH - 1)):
        y = leaky(conv(up(x), f"dec{level}", c, WIDTH << level, 1, [2] * 4))
        c = WIDTH << level
        nodes.append(helper.make_node("Add", [y, skips[level]], [f"sum{level}"]))
        x = f"sum{level}"
    x = conv(up(x), "out", c, 3, 1, [2] * 4)
    nodes.append(helper.make_node("Sigmoid", [x], ["reconstruction"]))
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])
    graph = helper.make_graph(nodes, "plain", [value("image")], [value("reconstruction")], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def one(runtime, path, threads):
    """A peer in this process: prints what it measured."""
    import numpy as np

    start = time.perf_counter()
    if runtime == "ONNX Runtime":
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        run = {b: (lambda batch: session.run(None, {"image": batch})) for b in (1, 16)}
    else:
        import openvino as ov

        core, run = ov.Core(), {}
        for b in (1, 16):
            model = core.read_model(path)
            model.reshape([b, 3, SIDE, SIDE])
            request = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}).create_infer_request()
            run[b] = lambda batch, request=request: request.infer({0: batch})
            if b == 1:
                run[1](np.zeros((1, 3, SIDE, SIDE), "f4"))
                first = time.perf_counter() - start
    best = float("inf")
    for b in (1, 16):
        batch = np.random.rand(b, 3, SIDE, SIDE).astype("f4")
        run[b](batch)
        if runtime == "ONNX Runtime" and b == 1:
            first = time.perf_counter() - start
        times = []
        for _ in range(48 // b + 4):
            begin = time.perf_counter()
            run[b](batch)
            times.append(time.perf_counter() - begin)
        best = min(best, statistics.median(times) * 1e3 / b)
    print(json.dumps({"ms": best, "first": first}))


def child(words):
    """Runs a program; gives its stdout, seconds and peak MiB."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise SystemExit(f"{words}: status {status}")
        out.seek(0)
        return out.read(), time.perf_counter() - start, usage.ru_maxrss / 1024


def size_mb(folder):
    files = (os.path.join(root, name) for root, _, names in os.walk(folder) for name in names)
    return sum(os.path.getsize(file) for file in files) / 1e6


def main():
    if sys.argv[1:2] == ["--one"]:
        return one(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", required=True, help="the unpacked archive with libtorch")
    parser.add_argument("--pure", required=True, help="the unpacked archive without")
    parser.add_argument("--out", default="data/results")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    full, pure = (os.path.join(folder, "bin", "aesc") for folder in (args.full, args.pure))
    import onnxruntime, openvino

    sizes = {"tract": size_mb(args.pure), "libtorch": size_mb(args.full)}
    for name, module in (("ONNX Runtime", onnxruntime), ("OpenVINO", openvino)):
        sizes[name] = size_mb(os.path.dirname(module.__file__))
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        child([full, "data", "sample", "--out", at("sample"), "--size", str(SIDE), "--train", "20", "--test-good", "8", "--test-per-type", "8"])
        category = at("sample/" + sorted(name for name in os.listdir(at("sample")) if os.path.isdir(at("sample/" + name)))[0])
        child([full, "train", category, "--out", at("run"), "--preset", "quick", "--device", "cpu"] + [w for s in ("train.steps=4", "train.batch=4") for w in ("--set", s)])
        model, image = at("run/model.aesc.safetensors"), os.path.join(category, "test/good/000.png")
        child([full, "export", model, "--onnx", at("phase.onnx"), "--device", "cpu"])
        plain_graph(at("plain.onnx"))
        contenders = [(runtime, "phase", threads) for threads in (1, 2) for runtime in ("tract", "libtorch", "ONNX Runtime", "OpenVINO")]
        contenders += [(runtime, "plain", 2) for runtime in ("ONNX Runtime", "OpenVINO")]
        for round_ in range(args.rounds):
            for contender in contenders:
                runtime, graph, threads = contender
                if runtime in ("tract", "libtorch"):
                    program = pure if runtime == "tract" else full
                    words = ["--backend", runtime, "--device", "cpu", "--threads", str(threads)]
                    out, _, _ = child([program, "eval", model, "--data", category, "--json"] + words)
                    _, first, peak = child([program, "predict", model, image, "--out", at("out"), "--force"] + words)
                    ms = json.loads(out)["inference_ms_per_image"]
                else:
                    out, _, peak = child([sys.executable, __file__, "--one", runtime, at(graph + ".onnx"), str(threads)])
                    ms, first = (json.loads(out)[key] for key in ("ms", "first"))
                rows.setdefault(contender, []).append((ms, first, peak))
    with open(os.path.join(args.out, "backends.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for (runtime, graph, threads), found in rows.items():
            ms, first, peak = (statistics.median(column) for column in zip(*found))
            writer.writerow([runtime, graph, threads, f"{ms:.1f}", f"{1e3 / ms:.0f}", f"{first:.2f}", f"{peak:.0f}", f"{sizes[runtime]:.0f}"])


if __name__ == "__main__":
    main()
