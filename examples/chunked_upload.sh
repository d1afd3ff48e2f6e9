#!/usr/bin/env bash
# Sends a file in chunks with curl, goes on where it stopped, and waits for what comes of it.
#
#   ATS_URL=https://ats.example.com ATS_TOKEN=… examples/chunked_upload.sh talk.mp4
#
# Needs bash, curl, python3 (to read JSON) and coreutils. Called again for the same file it sends only what is missing.
# Exit status 0 when the file is stored (and, a video, could be analysed), else 1.
set -euo pipefail

file=${1:?usage: ATS_URL=… ATS_TOKEN=… $0 FILE}
door=${ATS_URL:?ATS_URL is not set}/api/chunked-upload
auth="Authorization: Bearer ${ATS_TOKEN:?ATS_TOKEN is not set}"
size=$(wc -c <"$file" | tr -d ' ')
note=$file.upload # remembers the upload between two calls
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One call. Its answer is read by `field`. What may pass is tried again: no answer, 408, 429, 5xx.
call() {
  local status pause
  for pause in 1 1 2 4 8 15 30 0; do
    status=$(curl --silent --output "$work/answer" --write-out '%{http_code}' --header "$auth" "$@") || true
    case $status in
      2*) return 0 ;;
      000 | 408 | 429 | 5*) echo "No answer yet ($status), trying again" >&2; sleep $pause ;;
      *) break ;;
    esac
  done
  [ "$status" = 000 ] || echo "$status: $(field detail)" >&2
  return 1
}
field() { python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))[sys.argv[2]]
print("" if value is None else " ".join(map(str, value)) if isinstance(value, list) else value)' "$work/answer" "$1"; }
state() { call "$door/$upload_id"; }

# 1. Open a session, or find that of the last call again. `total_chunks` must fit the server's chunk size (5 MiB).
chunk_size=5242880
total=$(((size + chunk_size - 1) / chunk_size))
version="$size bytes of $(date -r "$file" +%s)" # another file under this name begins anew
upload_id=$(sed -n "s/^$version //p" "$note" 2>/dev/null || true)
if [ -z "$upload_id" ] || ! state 2>/dev/null; then
  call --data-urlencode "filename=$(basename "$file")" --data "file_size=$size&total_chunks=$total" "$door/init"
  upload_id=$(field upload_id)
  echo "$version $upload_id" >"$note"
fi
echo "Upload $upload_id: $total chunks"

# 2. Send what is missing, each chunk with its SHA-256. The chunk is the last field of the form.
state
received=" $(field received) "
for ((index = 0; index < total; index++)); do
  case $received in *" $index "*) continue ;; esac
  dd if="$file" of="$work/chunk" bs=$chunk_size skip="$index" count=1 2>/dev/null
  sha256=$(sha256sum "$work/chunk" | cut -d ' ' -f 1)
  call --form "upload_id=$upload_id" --form "chunk_index=$index" --form "sha256=$sha256" --form "chunk=@$work/chunk" \
    "$door/chunk"
  echo "$(field progress) %"
done

# 3. Complete, and wait until the whole is proven: a CV is then read, a video analysed.
call --data "upload_id=$upload_id" "$door/complete"
assessment_id=$(field assessment_id)
state
until [[ $(field status) =~ ^(done|failed)$ ]]; do sleep 1; state; done
field message
rm -f "$note"
[ "$(field status)" = done ] || exit 1
if [ -n "$assessment_id" ]; then
  call "$ATS_URL/api/assessments/$assessment_id"
  until [ "$(field status)" != processing ]; do sleep 1; call "$ATS_URL/api/assessments/$assessment_id"; done
  field message
  [ "$(field status)" = ready ]
fi
