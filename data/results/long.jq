# Trainings of 1,200 steps at 256 px that differ in what is named, by the preset's evidence, a row each:
#   jq -rnf data/results/long.jq data/results/long-*.json > data/results/frontier-long.csv
# long-NAME-CATEGORY.planted.json is what `aesc advise MODEL --data D --mc-samples 2 --json` found of the same model.
def round3: . * 1000 | round / 1000 | tostring;
(["training", "category", "planted image AUROC", "planted pixel AUROC", "image AUROC", "image AP", "pixel AUROC", "pixel AP", "AUPRO@0.3", "AUPRO@0.05"] | join(",")),
([inputs | {name: (input_filename | sub("^.*long-"; "") | sub("(\\.planted)?\\.json$"; "")), file: .}] | group_by(.name)[]
 | (map(select(.file.cells))[0].file.cells[0]) as $cell | (map(select(.file.advice))[0].file.advice) as $advice
 | (.[0].name | sub("-" + $cell.category + "$"; "") | sub("high-pass"; "high pass") | gsub("-(?<w>[a-z])"; " + \(.w)") | gsub("-"; " ")) as $name
 | [$name, $cell.category]
   + ([$advice.totals[0].image_auroc, ([$advice.rows[] | select(.strategy == "residual").pixel_auroc] | add / length)]
      + ($cell.metrics | [.image_auroc, .image_ap, .pixel_auroc, .pixel_ap, .aupro_30, .aupro_05]) | map(round3))
 | join(","))
