#!/usr/bin/env bash
# What action.yml runs. Inputs come as INPUT_*; none is ever part of a command's text.
set -uo pipefail
pt2lint="$(dirname "$0")/../bin/pt2lint.js"

# One argument a line; a list may end in a newline, and macOS has no mapfile.
lines() {
  list=()
  while IFS= read -r line || [ -n "$line" ]; do
    [ -z "$line" ] || list+=("$line")
  done <<<"$1"
}

options=()
[ -z "${INPUT_BASELINE:-}" ] || options+=("--baseline=$INPUT_BASELINE")
[ -z "${INPUT_SOURCE_ROOT:-}" ] || options+=("--source-root=$INPUT_SOURCE_ROOT")
[ "${INPUT_INLINE:-true}" = true ] || options+=(--no-inline)
lines "${INPUT_ARGS:-}"
options+=(${list[@]+"${list[@]}"})
lines "${INPUT_PATHS:-.}"

lint() {
  node "$pt2lint" lint ${options[@]+"${options[@]}"} "$@" -- "${list[@]}"
}

lint --format=github
code=$?
# The second time, notes are known; only why there is no file is not.
if [ -n "${INPUT_SARIF_FILE:-}" ] && [ $code -lt 2 ]; then
  notes=$(lint --format=sarif "--output-file=$INPUT_SARIF_FILE" 2>&1)
  [ $? -lt 2 ] || { echo "$notes" >&2; code=2; }
fi
exit $code
