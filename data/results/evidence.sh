#!/usr/bin/env bash
# Trained models by several kinds of evidence, no retraining: a row for each, and means at the end.
#   data/results/evidence.sh PX MODEL CATEGORY_FOLDER [PX MODEL CATEGORY_FOLDER …] > data/results/frontier-evidence.csv
# PX, 128 or 256, is the side of the network's images: what is averaged over grows with it.
# Levels are fitted on the model's own held-out images. Planted are scratches, drops and shaded
# rectangles, warped are parts pulled out of shape; the choice is made by these.
set -euo pipefail
model=$(mktemp -d)/model.aesc.safetensors
trap 'rm -r "$(dirname "$model")"' EXIT
thousandths='map(. * 1000 | round / 1000) | join(",")'
row() { # NAME MAPS
    cp "$source" "$model"
    aesc calibrate "$model" --good "$folder" -q --set score.smoothing.kind=none --set "score.evidence.maps=$2" >&2
    planted() {
        aesc advise "$model" --data "$folder" --mc-samples 2 --json -q "$@" | jq -r ".advice
            | [.totals[0].image_auroc, ([.rows[] | select(.strategy == \"residual\").pixel_auroc] | add / length)]
            | $thousandths"
    }
    local test
    test=$(aesc eval "$model" --data "$folder" --json -q | jq -r ".residual.metrics
        | [.image_auroc, .pixel_auroc, .aupro_30] | $thousandths")
    echo "$1,$(basename "$folder"),$(planted),$(planted --families warp),$test"
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
} | awk -F, -v OFS=, '
    BEGIN { print "evidence,category,planted image AUROC,planted pixel AUROC,warped image AUROC,warped pixel AUROC,image AUROC,pixel AUROC,AUPRO@0.3" }
    { print; fflush(); if (!n[$1]++) order[++kinds] = $1; for (i = 3; i <= 9; i++) sum[$1, i] += $i }
    END {
        for (k = 1; k <= kinds; k++) {
            line = order[k] ",*mean*"
            for (i = 3; i <= 9; i++) line = line sprintf(",%.3f", sum[order[k], i] / n[order[k]])
            print line
        }
    }'
