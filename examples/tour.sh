#!/bin/sh
# The tour of the README: a CV goes in by the capture door and comes out as a candidate.
#
#     ATS_TOKEN=ats_… examples/tour.sh
#
# ATS_URL is where the system runs (http://127.0.0.1:8000). Needs curl and python3, nothing else.
set -eu
cd "$(dirname "$0")/.."
: "${ATS_TOKEN:?set ATS_TOKEN: .venv/bin/python manage.py issue_token recruiter --name tour}"

say() { printf '\n\033[1m%s\033[0m\n' "$1" >&2; }

# --- as in the README ---
ATS_URL=${ATS_URL:-http://127.0.0.1:8000}
CV=examples/Naukri_Asha_Verma.pdf

call() { curl --silent --show-error --fail-with-body --header "Authorization: Bearer $ATS_TOKEN" "$@"; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

say "1. Ask for a place: presign"
SHA256=$(python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' $CV)
FILE="\"file_name\": \"$(basename $CV)\", \"file_size\": $(wc -c < $CV), \"file_type\": \"application/pdf\", \"sha256\": \"$SHA256\", \"source\": \"download\""
PRESIGNED=$(call "$ATS_URL/api/cv-capture/presign" --json "{$FILE}")
echo "$PRESIGNED"

say "2. Send the bytes to the store: no token, the address is signed"
curl --silent --show-error --fail --upload-file $CV --header "Content-Type: application/pdf" "$(echo "$PRESIGNED" | field s3_url)"

say "3. Say that it is done: metadata"
CAPTURE=$(call "$ATS_URL/api/cv-capture/metadata" --json "{$FILE, \"s3_key\": \"$(echo "$PRESIGNED" | field s3_key)\"}")
echo "$CAPTURE"

say "4. Wait until it is read"
ID=$(echo "$CAPTURE" | field cv_capture_id)
until call "$ATS_URL/api/cv-capture/$ID" | field status | grep -E 'ready|failed'; do sleep 1; done

say "5. Meet the candidate"
call "$ATS_URL/candidates/?document=$(echo "$CAPTURE" | field doc_id)"
