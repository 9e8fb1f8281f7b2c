"""Times aesc-eval against ADEval and scikit-learn on the same maps, in turns, in one run.

    cargo build --release -p aesc-eval --example time_metrics
    pip install numpy==2.3.5 scikit-learn ADEval==1.1.0
    python crates/aesc-eval/peers/compare.py --out data/results

Writes metrics-peers.csv (both sizes, time, peak memory, values) and metrics-growth.csv (how the
time grows with the number of pixels). Maps are noise with a blurred bump on each of 63 discs; the
seed is fixed. Each program is a process of its own, so that its peak memory is its own; ours reads
the same files. Needs 8 GiB and, for scikit-learn on the large set, a minute.
"""

import argparse, csv, json, os, resource, subprocess, sys, tempfile, time

import numpy as np

ROUNDS, REPEATS = 3, 5
HERE = os.path.dirname(os.path.abspath(__file__))
OURS = os.path.join(HERE, "../../../target/release/examples/time_metrics")


def draw(side, folder):
    """83 maps of side x side, 20 of them without a defect, as two .npy files."""
    rng = np.random.default_rng(0)
    maps = np.empty((83, side, side), np.float32)
    masks = np.zeros((83, side, side), np.uint8)
    ys, xs = np.mgrid[0:side, 0:side]
    for i in range(83):
        maps[i] = 0.3 * rng.normal(size=(side, side))
        if i >= 20:
            cy, cx = rng.integers(side // 8, side - side // 8, 2)
            radius = rng.integers(side // 20, side // 8)
            square = (ys - cy) ** 2 + (xs - cx) ** 2
            masks[i][square < radius * radius] = 1
            maps[i] += np.exp(-square / (2.0 * (1.2 * radius) ** 2))
    paths = [os.path.join(folder, f"{name}{side}.npy") for name in ("maps", "masks")]
    np.save(paths[0], maps)
    np.save(paths[1], masks)
    return paths


def child(what, maps_path, masks_path, repeats):
    """Runs in a process of its own: one peer, timed, its peak memory with the arrays it reads."""
    maps, masks = np.load(maps_path), np.load(masks_path)
    if what == "adeval":
        import adeval

        lists = list(maps), list(masks)
        work = lambda: [float(v) for v in adeval.auroc_aupr_aupro(*lists)]
    else:
        from sklearn.metrics import roc_auc_score

        work = lambda: [float(roc_auc_score(masks.ravel(), maps.ravel()))]
    secs = []
    for _ in range(repeats):
        start = time.perf_counter()
        value = work()
        secs.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"secs": secs, "value": value, "peak_mib": peak}))


def peer(what, paths, repeats):
    words = [sys.executable, os.path.abspath(__file__), "--child", what, *paths, str(repeats)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def ours(words):
    found = subprocess.run([OURS, *map(str, words)], check=True, capture_output=True, text=True)
    return json.loads(found.stdout)


def median(values):
    return sorted(values)[len(values) // 2]


def write(path, header, rows):
    """Whole or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(path), delete=False) as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def compare(out):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for side in (256, 900):
            paths = draw(side, folder)
            mine, adeval = [], []
            for _ in range(ROUNDS):
                mine.append(ours([*paths, REPEATS]))
                adeval.append(peer("adeval", paths, REPEATS))
            sklearn = peer("sklearn", paths, 3 if side == 256 else 1)
            pixels = f"{83 * side * side / 1e6:.1f} M"
            found = mine[0]["metrics"]
            mine_secs = median([run["median_secs"] for run in mine])
            peer_secs = median([median(run["secs"]) for run in adeval])
            line = lambda name, what, secs, peak, auroc, ap, aupro: rows.append(
                [pixels, name, what, f"{secs:.3f}", f"{secs / mine_secs:.1f}", peak, auroc, ap, aupro]
            )
            digits = lambda value: f"{value:.6f}"
            line(
                "aesc-eval", "exact AUROC; AP; F1-max; FPR@95TPR; AUPRO", mine_secs,
                max(run["peak_memory_mib"] for run in mine),
                digits(found["auroc"]), digits(found["ap"]), digits(found["aupro"][0][1]),
            )
            auroc, ap, aupro = adeval[0]["value"]
            line(
                "ADEval", "binned AUROC; AP; AUPRO", peer_secs,
                max(run["peak_mib"] for run in adeval), digits(auroc), digits(ap), digits(aupro),
            )
            line(
                "scikit-learn", "exact AUROC", median(sklearn["secs"]), sklearn["peak_mib"],
                digits(sklearn["value"][0]), "", "",
            )
    header = ["pixels", "library", "metrics", "seconds", "times aesc-eval", "peak MiB", "AUROC", "AP", "AUPRO@0.3"]
    write(os.path.join(out, "metrics-peers.csv"), header, rows)


def growth(out):
    rows = []
    for n, side in ((16, 256), (64, 256), (64, 512), (64, 1024), (256, 1024), (480, 1024)):
        found = ours([n, side, 3])
        pixels, secs = found["pixels"], found["median_secs"]
        rows.append([f"{pixels / 1e6:.0f} M", f"{secs:.3f}", f"{secs / pixels * 1e9:.1f}", found["peak_memory_mib"]])
    header = ["pixels", "seconds", "nanoseconds a pixel", "peak MiB with the maps"]
    write(os.path.join(out, "metrics-growth.csv"), header, rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:5], int(sys.argv[5]))
    else:
        options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
        options.add_argument("--out", required=True, help="folder of the two CSV files")
        out = os.path.abspath(options.parse_args().out)
        compare(out)
        growth(out)
