#!/usr/bin/env bash
# Sends a file in chunks with curl, goes on where it stopped, and waits for what comes of it.
#
#   ATS_URL=https://ats.example.com ATS_TOKEN=… examples/chunked_upload.sh talk.mp4
#
# Needs bash, curl, python3 (to read JSON) and coreutils. Called again for the same file it sends only what is missing.
set -euo pipefail

file=${1:?usage: ATS_URL=… ATS_TOKEN=… $0 FILE}
door=${ATS_URL:?ATS_URL is not set}/api/chunked-upload
auth="Authorization: Bearer ${ATS_TOKEN:?ATS_TOKEN is not set}"
size=$(wc -c <"$file" | tr -d ' ')
note=$file.upload # remembers the upload between two calls
piece=$(mktemp)
trap 'rm -f "$piece"' EXIT

call() { curl --silent --show-error --fail-with-body --retry 8 --retry-all-errors --header "$auth" "$@"; }
field() { python3 -c 'import json, sys; value = json.load(sys.stdin).get(sys.argv[1]); print("" if value is None else value)' "$1"; }
state() { call "$door/$upload_id"; }

# 1. Open a session, or find the one of the last call again. `total_chunks` must fit the server's chunk size (5 MiB).
chunk_size=5242880
total=$(((size + chunk_size - 1) / chunk_size))
upload_id=$(cat "$note" 2>/dev/null || true)
if ! { [ -n "$upload_id" ] && curl --silent --fail --output /dev/null --header "$auth" "$door/$upload_id"; }; then
  upload_id=$(call --data-urlencode "filename=$(basename "$file")" --data "file_size=$size&total_chunks=$total" \
    "$door/init" | field upload_id)
  echo "$upload_id" >"$note"
fi
echo "Upload $upload_id: $total chunks"

# 2. Send what is missing, each chunk with its SHA-256. The chunk is the last field of the form.
received=" $(state | python3 -c 'import json, sys; print(*json.load(sys.stdin)["received"])') "
for ((index = 0; index < total; index++)); do
  case $received in *" $index "*) continue ;; esac
  dd if="$file" of="$piece" bs=$chunk_size skip="$index" count=1 2>/dev/null
  sha256=$(sha256sum "$piece" | cut -d ' ' -f 1)
  call --form "upload_id=$upload_id" --form "chunk_index=$index" --form "sha256=$sha256" --form "chunk=@$piece" \
    "$door/chunk" | field progress | sed 's/$/ %/'
done

# 3. Complete, and wait until the whole is proven: a CV is then read, a video analysed.
assessment_id=$(call --data "upload_id=$upload_id" "$door/complete" | field assessment_id)
until [[ $(state | field status) =~ ^(done|failed)$ ]]; do sleep 1; done
state | field message
rm -f "$note"
if [ -n "$assessment_id" ] && [ "$(state | field status)" = done ]; then
  until [ "$(call "$ATS_URL/api/assessments/$assessment_id" | field status)" != processing ]; do sleep 1; done
  call "$ATS_URL/api/assessments/$assessment_id" | field message
fi
