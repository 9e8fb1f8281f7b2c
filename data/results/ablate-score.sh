#!/bin/sh
# Rows of data/results/frontier-score.csv: one trained model scored in several ways, no retraining.
# ablate-score.sh CATEGORY_DIR MODEL.aesc.safetensors >> data/results/frontier-score.csv
set -eu
data=$1
model=$(mktemp -d)/model.aesc.safetensors
trap 'rm -r "$(dirname "$model")"' EXIT

row() { # NAME, then --set for calibrate
    name=$1
    shift
    cp "$source" "$model"
    [ $# -eq 0 ] || aesc -q calibrate "$model" --good "$data" "$@" >&2
    aesc -q eval "$model" --data "$data" --json | jq -r --arg name "$name" --arg set "$(basename "$data")" '
        .residual.metrics | [$set, $name] + ([.image_auroc, .image_ap, .pixel_auroc, .pixel_ap, .aupro_30, .aupro_05]
        | map(. * 1000 | round / 1000)) | join(",")'
}

source=$2
plain='score.smoothing.kind=none'
top='score.image={kind="top-k", share=0.01}'
all='["absolute","gradient","chroma"]'
row "as trained"
row "absolute; max" --set score.evidence.maps='["absolute"]' --set $plain --set score.image.kind=max
row "absolute; top 1 %" --set score.evidence.maps='["absolute"]' --set $plain --set "$top"
row "absolute + gradient; top 1 %" --set score.evidence.maps='["absolute","gradient"]' --set $plain --set "$top"
row "all three; max" --set score.evidence.maps="$all" --set $plain --set score.image.kind=max
row "all three; top 1 %" --set score.evidence.maps="$all" --set $plain --set "$top"
row "all three, window 21; top 1 %" --set score.evidence.maps="$all" --set score.evidence.windows_px=[21] --set $plain --set "$top"
