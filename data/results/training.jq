# Short trainings (128 px, 600 steps) that differ in one thing, by the plain residual, a row each:
#   jq -rnf data/results/training.jq data/results/training-*.json > data/results/frontier-training.csv
(["training", "category", "image AUROC", "pixel AUROC", "AUPRO@0.3"] | join(",")),
(inputs | (input_filename | sub("^.*training-"; "") | sub("\\.json$"; "") | gsub("-(?<w>[a-z])"; " + \(.w)") | gsub("-"; " ")) as $name
 | .cells[] | [$name, .category] + ([.metrics.image_auroc, .metrics.pixel_auroc, .metrics.aupro_30] | map(. * 1000 | round / 1000 | tostring))
 | join(","))
