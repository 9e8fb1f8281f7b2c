#!/usr/bin/env bash
# What each change of ablations.txt gained: mean differences over the categories where both rows stand.
#   data/results/ablations.sh > data/results/frontier-ablations.csv
set -euo pipefail
cd "$(dirname "$0")"
exec awk -v OFS=, '
    BEGIN { split("planted image AUROC,warped image AUROC,image AUROC,AUPRO@0.3", figures, ","); FS = "," }
    FNR == 1 && FILENAME != "ablations.txt" {
        file = FILENAME
        gsub(/^frontier-|\.csv$/, "", file)
        delete column
        for (i = 1; i <= NF; i++) column[$i] = i
        row = $1 == "category" ? 2 : 1
        next
    }
    FILENAME != "ablations.txt" {
        category = $column["category"]
        if (category == "*mean*") next
        categories[file] = categories[file] "," category
        for (f in figures) if (figures[f] in column) value[file, $row, category, f] = $column[figures[f]]
        next
    }
    /^#/ { next }
    !told { print "change,compared with,categories,planted image AUROC,warped image AUROC,image AUROC,AUPRO@0.3,MACs,state"; told = 1 }
    {
        split($0, part, / *\| */)
        n_files = split(part[4], names, " ")
        delete seen; delete sum; delete n; n_both = 0
        for (k = 1; k <= n_files; k++) {
            n_all = split(categories[names[k]], all, ",")
            for (c = 1; c <= n_all; c++) {
                at = names[k] SUBSEP all[c]
                if (all[c] == "" || at in seen) continue
                seen[at]
                both = 0
                for (f = 1; f in figures; f++) {
                    a = value[names[k], part[2], all[c], f]
                    b = value[names[k], part[3], all[c], f]
                    if (a ~ /^[0-9.]+$/ && b ~ /^[0-9.]+$/) { n[f]++; sum[f] += a - b; both = 1 }
                }
                n_both += both
            }
        }
        if (!n_both) { print part[1] ": no category has both rows" > "/dev/stderr"; exit 1 }
        line = part[1] OFS part[3] OFS n_both
        for (f = 1; f in figures; f++) line = line OFS (n[f] ? sprintf("%+.3f", sum[f] / n[f]) : "–")
        print line OFS part[5] OFS part[6]
    }' frontier-{score,evidence,long,looks,segment,options,training,further,batch,seamless,steps,optimiser}.csv ablations.txt
