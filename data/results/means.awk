# Rows (kind, category, the first seven figures of judged.sh) under a header, and each kind's means over its categories at the end:
#   … | awk -v kind=NAME_OF_THE_FIRST_COLUMN -f data/results/means.awk
BEGIN {
    FS = OFS = ","
    print kind, "category,planted image AUROC,planted pixel AUROC,warped image AUROC,warped pixel AUROC,image AUROC,pixel AUROC,AUPRO@0.3"
}
{ print; fflush(); if (!n[$1]++) order[++kinds] = $1; for (i = 3; i <= 9; i++) sum[$1, i] += $i }
END {
    for (k = 1; k <= kinds; k++) {
        line = order[k] ",*mean*"
        for (i = 3; i <= 9; i++) line = line sprintf(",%.3f", sum[order[k], i] / n[order[k]])
        print line
    }
}
