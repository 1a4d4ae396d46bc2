#!/bin/sh
# Installs JupyterHub and its proxy on Debian: install_hub.sh PACKAGE...
set -eu
apt-get -qq update
apt-get -qq install -y --no-install-recommends nodejs npm
rm -r /var/lib/apt/lists/*
npm install --global --silent configurable-http-proxy@5
python3 -m pip install --quiet --no-cache-dir "$@"
