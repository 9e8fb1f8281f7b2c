#!/usr/bin/env bash
# A model by planted, warped and test defects, the eight figures of a row:
#   data/results/judged.sh MODEL CATEGORY_FOLDER [FAMILIES_PLANTED]
# Image and pixel AUROC of planted defects, then of warped ones; image AUROC, pixel AUROC, AUPRO@0.3 and AUPIMO of the test
# images. Tables older than AUPIMO leave it out.
set -euo pipefail
model=$1 folder=$2
thousandths='map(. * 1000 | round / 1000) | join(",")'
planted() { # [--families …]
    aesc advise "$model" --data "$folder" --mc-samples 2 --json -q "$@" | jq -r ".advice
        | [.totals[0].image_auroc, ([.rows[] | select(.strategy == \"residual\").pixel_auroc] | add / length)]
        | $thousandths"
}
small=$(planted ${3:+--families "$3"})
warped=$(planted --families warp)
test=$(aesc eval "$model" --data "$folder" --json -q | jq -r ".residual.metrics
    | [.image_auroc, .pixel_auroc, .aupro_30, .aupimo_mean] | $thousandths")
echo "$small,$warped,$test"
