#!/bin/sh
# data/results/frontier-score.csv: trained models scored in several ways, no retraining.
# The columns "planted" are what `aesc advise` finds of defects planted into held-out clean images;
# a choice is to be made by them, not by the test images.
#   ablate-score.sh PILL PILL_MODEL BOTTLE BOTTLE_MODEL > data/results/frontier-score.csv
# each a category's folder and a model trained on it.
set -eu
model=$(mktemp -d)/model.aesc.safetensors
trap 'rm -r "$(dirname "$model")"' EXIT

row() { # NAME, then --set for calibrate
    name=$1
    shift
    cp "$source" "$model"
    [ $# -eq 0 ] || aesc -q calibrate "$model" --good "$data" "$@" >&2
    planted=$(aesc -q advise "$model" --data "$data" --mc-samples 2 --json | jq '
        [(.advice.totals[] | select(.strategy == "residual").image_auroc),
         ([.advice.rows[] | select(.strategy == "residual").pixel_auroc] | add / length)]')
    aesc -q eval "$model" --data "$data" --strategy residual --json |
        jq -r --arg name "$name" --arg set "$(basename "$data")" --argjson planted "$planted" '
        .residual.metrics
        | $planted + [.image_auroc, .image_ap, .pixel_auroc, .pixel_ap, .aupro_30, .aupro_05]
        | [$set, $name] + map(. * 1000 | round / 1000) | join(",")'
}

plain='score.smoothing.kind=none'
top='score.image={kind="top-k", share=0.01}'
both='["absolute","gradient"]'
all='["absolute","gradient","chroma"]'
narrow='score.evidence.windows_px=[5,11,21]'
wide='score.evidence.windows_px=[21,41,81]'

echo "category,score,planted image AUROC,planted pixel AUROC,image AUROC,image AP,pixel AUROC,pixel AP,AUPRO@0.3,AUPRO@0.05"
while [ $# -ge 2 ]; do
    data=$1 source=$2
    shift 2
    row "residual; box 21; max"
    row "absolute; top 1 %" --set score.evidence.maps='["absolute"]' --set $plain --set "$top"
    row "absolute + gradient; max" --set score.evidence.maps="$both" --set $plain --set score.image.kind=max
    row "absolute + gradient; top 1 %" --set score.evidence.maps="$both" --set $plain --set "$top"
    row "... in narrower windows" --set score.evidence.maps="$both" --set $narrow --set $plain --set "$top"
    row "... in wider windows" --set score.evidence.maps="$both" --set $wide --set $plain --set "$top"
    row "... with chroma" --set score.evidence.maps="$all" --set $plain --set "$top"
done
