#!/usr/bin/env bash
# A model by planted, warped and test defects, as a row for each; the same families for every model:
#   data/results/segment.sh LOOKS MODEL CATEGORY_FOLDER >> data/results/frontier-segment.csv
# Planted are scratches and drops: a look that segments learns from shapes like the other families.
set -euo pipefail
looks=$1 model=$2 folder=$3
planted() {
    aesc advise "$model" --data "$folder" --mc-samples 2 --json -q --families "$1" | jq -r '.advice
        | [.totals[0].image_auroc, ([.rows[] | select(.strategy == "residual").pixel_auroc] | add / length)]
        | map(. * 1000 | round / 1000) | join(",")'
}
test=$(aesc eval "$model" --data "$folder" --json -q | jq -r '.residual.metrics
    | [.image_auroc, .pixel_auroc, .aupro_30, .aupimo_mean] | map(. * 1000 | round / 1000) | join(",")')
echo "$looks,$(basename "$folder"),$(planted scratch,drops),$(planted warp),$test"
