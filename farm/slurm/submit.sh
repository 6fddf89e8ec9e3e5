#!/usr/bin/env bash
# Renders the frames of a .blend and labels them as an array of Slurm jobs; then merges, and exports formats.
#
#     farm/slurm/submit.sh SCENE.blend DATASET SHARDS [OPTIONS OF export_annotations.py ...]
#
# SBATCH_ARGUMENTS in the environment goes to every sbatch, for example "--partition gpu --gres gpu:1 --time 8:00:00".
# FORMATS ("coco,yolo_segment") and SPLITS ("train=80,val=20") say what is exported; BLENDER, LABELPASS and SCRIPT are
# other commands than blender and labelpass, and another place of export_annotations.py.
# Submitting it again does only what is missing.
set -euo pipefail

if [ $# -lt 3 ]; then
    sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
scene=$(realpath "$1") dataset=$(realpath -m "$2") shards=$3
shift 3
export BLENDER=${BLENDER:-blender} LABELPASS=${LABELPASS:-labelpass}
export SCRIPT=${SCRIPT:-$here/../../export_annotations.py} FORMATS=${FORMATS:-} SPLITS=${SPLITS:-train=80,val=20}
mkdir -p "$dataset/logs"

# The number of the job that was submitted. One whose dependency failed is removed, and does not wait for ever.
submit() {
    # shellcheck disable=SC2086
    sbatch --parsable --export ALL --kill-on-invalid-dep yes --output "$dataset/logs/%x-%A-%a.txt" ${SBATCH_ARGUMENTS:-} "$@"
}

plan=$(submit --job-name plan "$here/plan.sbatch" "$scene" "$dataset" "$@")
render=$(submit --job-name render --array "1-$shards" --dependency "afterok:${plan%%;*}" \
    "$here/render.sbatch" "$scene" "$dataset" "$@")
merge=$(submit --job-name merge --dependency "afterok:${render%%;*}" "$here/merge.sbatch" "$dataset")
echo "plan ${plan%%;*}, render ${render%%;*} (1-$shards), merge ${merge%%;*}; what they say is in $dataset/logs"
