#!/bin/sh
# data/results/speed-profile.csv: where the processors' time goes in training and in prediction, by perf's samples.
#   speed-profile.sh AESC MODEL DATA > data/results/speed-profile.csv
# DATA is a category in the layout of MVTec AD; MODEL any model of it.
set -eu
aesc=$1 model=$2 data=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "work,part,share of the samples (%)"
shares() { # WORK COMMAND...
  work=$1; shift
  perf record -q -F 499 -o "$folder/perf" "$@" > "$folder/out" 2> "$folder/err"
  told() { perf report -i "$folder/perf" --stdio --field-separator=';' "$@" 2> /dev/null | grep -v '^#'; }
  # Generated code has a row an address, too small to be told: whole files first, MKL out of its one.
  mkl=$(told --sort dso,symbol | awk -F';' '$2 ~ /torch/ && $3 ~ /sgemm|mkl_/ { sum += $1 } END { print sum }')
  told --sort dso | awk -F';' -v work="$work" -v mkl="$mkl" '
    NF < 2 { next }
    {
      part = "C library: copies and allocation"
      if ($2 ~ /JIT/) part = "oneDNN: convolutions and their gradients"
      else if ($2 ~ /torch_cpu/) { part = "libtorch: norms and activations and shuffles and layouts"; $1 -= mkl; sum["MKL: matrix products"] = mkl }
      else if ($2 ~ /libgomp/) part = "threads that wait for each other"
      else if ($2 ~ /kernel|vdso/) part = "operating system"
      else if ($2 ~ /aesc/) part = "aesc: files and pictures and scores and corruption and Adam"
      sum[part] += $1
    }
    END { for (part in sum) printf "%s,%s,%.1f\n", work, part, sum[part] }' | sort -t, -k3 -rn
}
shares "training" "$aesc" train "$data" --preset quick --out "$folder/run" --set train.steps=60 --set train.epoch_steps=60 --no-progress
shares "prediction" "$aesc" predict "$model" "$data" --out "$folder/found" --no-progress
