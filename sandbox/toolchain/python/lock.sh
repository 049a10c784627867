#!/bin/sh
# Makes the pinned lists anew from the *.in files; run by hand when a pin moves. Needs `uv` (pip install uv).
# The environments run on the machine's own Python (3.10 or newer), the task image on Debian 12's 3.11.
set -eu
cd "$(dirname "$0")"
compile() { uv pip compile --generate-hashes --only-binary :all: --no-annotate --no-header --quiet "$@"; }
compile --universal --python-version 3.10 client.in -o client.txt
compile --universal --python-version 3.10 cloud.in -o cloud.txt
compile --universal --python-version 3.10 images.in -o images.txt
compile --python-version 3.11 --python-platform linux client.in -o task.txt
compile --python-version 3.11 --python-platform linux dataframes.in -c task.txt -o dataframes.txt
