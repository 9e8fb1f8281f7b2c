#!/usr/bin/env bash
# A model by planted, warped and test defects, as a row for each; the same families for every model:
#   data/results/segment.sh LOOKS MODEL CATEGORY_FOLDER >> data/results/frontier-segment.csv
# Planted are scratches and drops: a look that segments learns from shapes like the other families.
set -euo pipefail
looks=$1 model=$2 folder=$3
figures=$("$(dirname "$0")/judged.sh" "$model" "$folder" scratch,drops)
echo "$looks,$(basename "$folder"),$figures"
