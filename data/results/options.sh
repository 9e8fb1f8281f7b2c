#!/usr/bin/env bash
# The preset's two looks with one option of training changed, on the sample set, a row for each category, and means:
#   data/results/options.sh SAMPLE_SET WORK_FOLDER > data/results/frontier-options.csv
# SAMPLE_SET is of `aesc data sample`. Every option is a training of its own at the sample's size, by the preset's evidence.
set -euo pipefail
sample=$1 work=$2
here=$(dirname "$0")
mkdir -p "$work"
train() { # NAME [--set …]
    local name=$1 out="$work/${1// /-}" id category
    shift
    aesc bench run --data "$sample" --preset sample --networks aesc --corruptions stain --strategies residual \
        --out "$out" --no-progress --set network.second=ae --set score.smoothing.kind=none \
        --set 'score.evidence.maps=["absolute", "gradient", { energy = 3 }]' \
        --set 'score.evidence.windows_px=[5, 11, 21]' --set 'score.image={kind = "top-k", share = 0.01}' "$@" >&2
    jq -r '.cells[] | [.id, .category] | @tsv' "$out/report.json" | while read -r id category; do
        figures=$("$here/judged.sh" "$out/cells/$id/run/model.aesc.safetensors" "$sample/$category" | cut -d, -f 1-7)
        echo "$name,$category,$figures"
    done
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
} | awk -v kind=training -f "$here/means.awk"
