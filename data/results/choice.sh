#!/usr/bin/env bash
# Means over bottle, pill and the sample set's four categories, a row for each way of looking:
#   data/results/choice.sh > data/results/frontier-choice.csv
set -euo pipefail
cd "$(dirname "$0")"
# looks, planted image, planted pixel, warped image, warped pixel, image AUROC, AUPRO@0.3
{
    tail -n +2 frontier-looks.csv | cut -d, -f 1,3-7,9
    tail -n +2 frontier-long.csv | cut -d, -f 1,3-7,11
} | awk -F, -v OFS=, '
    { n[$1]++; image[$1] += ($2 + $4) / 2; pixel[$1] += ($3 + $5) / 2; test[$1] += $6; pro[$1] += $7 }
    END {
        print "looks,planted and warped image AUROC,planted and warped pixel AUROC,image AUROC,AUPRO@0.3"
        split("stain|ae|high pass|stain + ae|stain + high pass", names, "|")
        for (i = 1; i in names; i++) {
            k = names[i]
            if (n[k] != 6) { print k ": expected 6 categories, found " n[k] > "/dev/stderr"; exit 1 }
            printf "%s,%.3f,%.3f,%.3f,%.3f\n", k, image[k] / 6, pixel[k] / 6, test[k] / 6, pro[k] / 6
        }
    }'
