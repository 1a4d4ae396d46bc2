#!/bin/sh
# JupyterHub for the class. The key that seals learners' tokens in its database is made once.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
key=${LABCHAT_HUB_DATA:-/data}/crypt_key
[ -s "$key" ] || python3 -c 'import secrets; print(secrets.token_hex(32))' >"$key"
JUPYTERHUB_CRYPT_KEY=$(cat "$key")
export JUPYTERHUB_CRYPT_KEY
exec jupyterhub --config "$here/jupyterhub_config.py" "$@"
