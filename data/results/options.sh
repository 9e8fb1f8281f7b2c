#!/usr/bin/env bash
# The preset's two looks with one option of training changed, on the sample set, by planted, warped and test defects:
#   data/results/options.sh SAMPLE_SET WORK_FOLDER > data/results/frontier-options.csv
# SAMPLE_SET is of `aesc data sample`. Every row is a training of its own at the sample's size, by the preset's evidence.
set -euo pipefail
sample=$1 work=$2
mkdir -p "$work"
thousandths='map(. * 1000 | round / 1000) | join(",")'
train() { # NAME [--set …]
    local name=$1 id category model planted warped test
    shift
    aesc bench run --data "$sample" --preset sample --networks aesc --corruptions stain --strategies residual \
        --out "$work/${name// /-}" --no-progress --threads 2 --jobs 2 --set network.second=ae --set score.smoothing.kind=none \
        --set 'score.evidence.maps=["absolute", "gradient", { energy = 3 }]' \
        --set 'score.evidence.windows_px=[5, 11, 21]' --set 'score.image={kind = "top-k", share = 0.01}' "$@" >&2
    jq -r '.cells[] | [.id, .category] | @tsv' "$work/${name// /-}/report.json" | while read -r id category; do
        model="$work/${name// /-}/cells/$id/run/model.aesc.safetensors"
        planted=$(planted "$model" "$category")
        warped=$(planted "$model" "$category" --families warp)
        test=$(aesc eval "$model" --data "$sample/$category" --json -q | jq -r ".residual.metrics
            | [.image_auroc, .pixel_auroc, .aupro_30] | $thousandths")
        echo "$name,$category,$planted,$warped,$test"
    done
}
planted() { # MODEL CATEGORY [--families …]
    local model=$1 category=$2
    shift 2
    aesc advise "$model" --data "$sample/$category" --mc-samples 2 --json -q "$@" | jq -r ".advice
        | [.totals[0].image_auroc, ([.rows[] | select(.strategy == \"residual\").pixel_auroc] | add / length)]
        | $thousandths"
}
{
    train "as it is"
    train "seed 1" --seeds 1
    train "ema 0.99" --set train.ema=0.99
    train "twice the width" --set network.width=16
    train "shared noise 0.02" --set train.augment.noise=0.02
    train "turns" --set train.augment.turns=auto
    train "light 0.05" --set train.augment.light=0.05
    train "shift 0.04" --set train.augment.shift=0.04
} | awk -F, -v OFS=, '
    BEGIN { print "training,category,planted image AUROC,planted pixel AUROC,warped image AUROC,warped pixel AUROC,image AUROC,pixel AUROC,AUPRO@0.3" }
    { print; fflush(); if (!n[$1]++) order[++kinds] = $1; for (i = 3; i <= 9; i++) sum[$1, i] += $i }
    END {
        for (k = 1; k <= kinds; k++) {
            line = order[k] ",*mean*"
            for (i = 3; i <= 9; i++) line = line sprintf(",%.3f", sum[order[k], i] / n[order[k]])
            print line
        }
    }'
