#!/usr/bin/env bash
# One look and two on the sample set, by planted, warped and test defects, a row for each category:
#   data/results/looks.sh SAMPLE_SET WORK_FOLDER > data/results/frontier-looks.csv
# SAMPLE_SET is of `aesc data sample`. Trains the three networks apart, at the sample's size by the
# preset's evidence, joins them by joined.py and fits the evidence on the held-out images.
set -euo pipefail
sample=$1 work=$2
here=$(dirname "$0")
mkdir -p "$work"
train() { # NAME NETWORK [--set …]
    local name=$1 network=$2
    shift 2
    aesc bench run --data "$sample" --preset sample --networks "$network" --corruptions stain \
        --strategies residual --out "$work/$name" --no-progress \
        --set score.smoothing.kind=none --set 'score.evidence.maps=["absolute", "gradient"]' \
        --set 'score.evidence.windows_px=[5, 11, 21]' --set 'score.image={kind = "top-k", share = 0.01}' "$@" >&2
}
train stain aesc
train ae ae
train high-pass aesc --set network.input=high-pass
run_of() { # NAME CATEGORY
    local id
    id=$(jq -r --arg c "$2" '.cells[] | select(.category == $c).id' "$work/$1/report.json")
    echo "$work/$1/cells/$id/run"
}
echo "looks,category,planted image AUROC,planted pixel AUROC,warped image AUROC,warped pixel AUROC,image AUROC,pixel AUROC,AUPRO@0.3"
for category in $(jq -r '.plan.categories[]' "$work/stain/report.json"); do
    held_out="$work/held-out/$category"
    mkdir -p "$held_out"
    jq -r '.validation[]' "$(run_of stain "$category")/split.json" | while read -r image; do
        cp "$sample/$category/$image" "$held_out/"
    done
    for looks in "stain" "ae" "high pass" "stain + ae" "stain + high pass"; do
        model="$work/$category-${looks// /-}.aesc.safetensors"
        case $looks in
        "stain + "*)
            second=${looks#stain + }
            python3 "$here/joined.py" "$(run_of stain "$category")/model.aesc.safetensors" \
                "$(run_of "${second// /-}" "$category")/model.aesc.safetensors" "$model"
            aesc calibrate "$model" --good "$held_out" -q --set score.smoothing.kind=none >&2
            ;;
        *) cp "$(run_of "${looks// /-}" "$category")/model.aesc.safetensors" "$model" ;;
        esac
        figures=$("$here/judged.sh" "$model" "$sample/$category" | cut -d, -f 1-7)
        echo "$looks,$category,$figures"
    done
done
