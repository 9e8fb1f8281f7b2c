#!/usr/bin/env bash
# Trained models by several kinds of evidence, no retraining: a row for each, and means at the end.
#   data/results/evidence.sh PX MODEL CATEGORY_FOLDER [PX MODEL CATEGORY_FOLDER …] > data/results/frontier-evidence.csv
# PX, 128 or 256, is the side of the network's images: what is averaged over grows with it.
# Levels are fitted on the model's own held-out images. Planted are scratches, drops and shaded
# rectangles, warped are parts pulled out of shape; the choice is made by these.
set -euo pipefail
model=$(mktemp -d)/model.aesc.safetensors
trap 'rm -r "$(dirname "$model")"' EXIT
here=$(dirname "$0")
row() { # NAME MAPS
    cp "$source" "$model"
    aesc calibrate "$model" --good "$folder" -q --set score.smoothing.kind=none --set "score.evidence.maps=$2" >&2
    local figures
    figures=$("$here/judged.sh" "$model" "$folder" | cut -d, -f 1-7)
    echo "$1,$(basename "$folder"),$figures"
}
{
    while [ $# -ge 3 ]; do
        case $1 in
        128) mid=3 ;;
        256) mid=5 ;;
        *) echo "expected 128 or 256, found $1" >&2 && exit 1 ;;
        esac
        source=$2 folder=$3
        shift 3
        row "absolute + gradient" '["absolute", "gradient"]'
        row "energy" "[{ energy = $mid }]"
        row "absolute + gradient + energy" "[\"absolute\", \"gradient\", { energy = $mid }]"
    done
} | awk -v kind=evidence -f "$here/means.awk"
