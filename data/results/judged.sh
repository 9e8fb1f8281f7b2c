#!/usr/bin/env bash
# A model by planted, warped and test defects, the seven figures of a row:
#   data/results/judged.sh MODEL CATEGORY_FOLDER
# Image and pixel AUROC of planted defects, then of warped ones; image AUROC, pixel AUROC and AUPRO@0.3 of the test images.
set -euo pipefail
model=$1 folder=$2
thousandths='map(. * 1000 | round / 1000) | join(",")'
planted() { # [--families …]
    aesc advise "$model" --data "$folder" --mc-samples 2 --json -q "$@" | jq -r ".advice
        | [.totals[0].image_auroc, ([.rows[] | select(.strategy == \"residual\").pixel_auroc] | add / length)]
        | $thousandths"
}
small=$(planted)
warped=$(planted --families warp)
test=$(aesc eval "$model" --data "$folder" --json -q | jq -r ".residual.metrics
    | [.image_auroc, .pixel_auroc, .aupro_30] | $thousandths")
echo "$small,$warped,$test"
