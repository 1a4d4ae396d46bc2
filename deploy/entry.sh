#!/bin/sh
# What a `lab` container does: notebooks (for a JupyterHub, or alone), serve, or health.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
task=${1:-notebooks}
[ $# -eq 0 ] || shift

case $task in
serve | health)
    exec "$here/$task.sh" "$@"
    ;;
notebooks)
    folder=${LABCHAT_NOTEBOOKS:-$HOME/labchat-notebooks}
    config=$(python3 "$here/tutorials.py" "$folder")
    export JUPYTER_CONFIG_PATH="$config${JUPYTER_CONFIG_PATH:+:$JUPYTER_CONFIG_PATH}"
    set -- "--ServerApp.root_dir=$folder" --ServerApp.default_url=/lab/tree/00_start.ipynb "$@"
    if [ -n "${JUPYTERHUB_SERVICE_URL:-}" ]; then
        exec jupyterhub-singleuser "$@"
    fi
    exec jupyter lab --no-browser "--ip=${LABCHAT_HOST:-0.0.0.0}" "$@"
    ;;
*)
    echo "labchat: $task is none of notebooks, serve, health" >&2
    exit 2
    ;;
esac
