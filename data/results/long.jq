# Trainings of 1,200 steps at 256 px that differ in what is named, by the preset's evidence, a row each:
#   jq -rnf data/results/long.jq data/results/long-*.json > data/results/frontier-long.csv
# Beside long-NAME-CATEGORY.json (of `aesc bench run`, or of `aesc eval --json` for a model scored anew) stand
#   .planted.json: aesc advise MODEL --data D --mc-samples 2 --json; of trainings that saw shaded regions (blobs, repair) it
#   plants scratches and drops alone, which is another measure: their rows leave it out
#   .warped.json:  the same with --families warp
def round3: if . == null then "–" else . * 1000 | round / 1000 | tostring end;
def planted: if . then .totals[0].image_auroc, ([.rows[] | select(.strategy == "residual").pixel_auroc] | add / length) else null, null end;
(["training", "category", "planted image AUROC", "planted pixel AUROC", "warped image AUROC", "warped pixel AUROC", "image AUROC", "image AP", "pixel AUROC", "pixel AP", "AUPRO@0.3", "AUPRO@0.05"] | join(",")),
([inputs | {name: (input_filename | sub("^.*long-"; "") | sub("\\.json$"; "")), file: .}
  | .kind = (.name | if endswith(".planted") then "planted" elif endswith(".warped") then "warped" else "test" end)
  | .name |= sub("\\.(planted|warped)$"; "")] | group_by(.name)[]
 | (map({(.kind): .file}) | add) as $of
 | ($of.test | .cells[0].metrics? // .residual.metrics) as $metrics
 | (.[0].name | capture("^(?<what>.*)-(?<category>[^-]*)$")) as $name
 | ($name.what | sub("high-pass"; "high pass") | sub("one-network"; "one network") | gsub("-(?<w>[a-z])"; " + \(.w)") | gsub("-"; " ")) as $what
 | [$what, $name.category]
   + ([($of.planted.advice | if $what | test("blobs|repair") then null else . end | planted), ($of.warped.advice | planted)]
      + ($metrics | [.image_auroc, .image_ap, .pixel_auroc, .pixel_ap, .aupro_30, .aupro_05]) | map(round3))
 | join(","))
