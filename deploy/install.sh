#!/bin/sh
# Installs labchat with the lab from a checkout: install.sh CHECKOUT [PACKAGE]...
# The checkout is made a wheel first: what runs is what people get, notebooks and all.
set -eu
checkout=$1
shift
wheels=$(mktemp -d)
trap 'rm -r "$wheels"' EXIT
python3 -m pip wheel --quiet --no-cache-dir --no-deps --wheel-dir "$wheels" "$checkout"
for wheel in "$wheels"/labchat-*.whl; do
    set -- "labchat[lab] @ file://$wheel" "$@"
done
python3 -m pip install --quiet --no-cache-dir --constraint "$checkout/constraints.txt" "$@"
