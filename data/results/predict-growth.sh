#!/bin/sh
# data/results/predict-growth.csv: prediction of folders of 100 to 10,000 images, all files written. Needs GNU time.
#   predict-growth.sh AESC MODEL IMAGE > data/results/predict-growth.csv
# MODEL is one of 64 x 64 px, IMAGE is copied so often.
set -eu
aesc=$1 model=$2 image=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "images,seconds,ms an image,peak MiB"
for n in 100 1000 10000; do
  mkdir "$folder/in"
  i=0
  while [ "$i" -lt "$n" ]; do i=$((i + 1)); cp "$image" "$folder/in/$i.png"; done
  /usr/bin/time -f '%e %M' -o "$folder/took" "$aesc" predict "$model" "$folder/in" --out "$folder/found" --no-progress -q > /dev/null
  awk -v n="$n" '{ printf "%d,%.1f,%.2f,%.0f\n", n, $1, $1 * 1000 / n, $2 / 1024 }' "$folder/took"
  rm -rf "$folder/in" "$folder/found"
done
