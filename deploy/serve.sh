#!/bin/sh
# The chat of a class: who is in the roster may speak, with a token, and nobody else.
# Whoever is new in the roster gets a token at the next start; the others keep theirs.
# Tokens to hand out: tokens.csv (mode 0600) beside the database.
set -eu
umask 077
data=${LABCHAT_DATA:-/data}
database=$data/labchat.db
labchat user add --db "$database" --roster "${LABCHAT_ROSTER:-$data/roster.csv}" \
    --out "$data/tokens.csv"
exec labchat serve --auth token --db "$database" \
    --host "${LABCHAT_HOST:-0.0.0.0}" --port "${LABCHAT_PORT:-3000}" "$@"
