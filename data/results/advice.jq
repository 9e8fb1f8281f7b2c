# The mean over models of what `aesc advise --out DIR` measured, a row a contrast:
#   jq -rsf data/results/advice.jq DIR/*/advice.json > data/results/advice-sample.csv
def mean(f): map(f) | add / length | . * 1000 | round / 1000;
def of($rows; $strategy; f): [$rows[] | select(.strategy == $strategy)] | mean(f);
(["contrast", "image: residual", "uncertainty", "fusion", "pixel: residual", "uncertainty", "fusion"] | join(",")),
(map(.rows[]) | group_by(.contrast)[] | . as $rows
 | [.[0].contrast,
    of($rows; "residual"; .image_auroc), of($rows; "uncertainty"; .image_auroc), of($rows; "fusion"; .image_auroc),
    of($rows; "residual"; .pixel_auroc), of($rows; "uncertainty"; .pixel_auroc), of($rows; "fusion"; .pixel_auroc)]
 | map(tostring) | join(","))
