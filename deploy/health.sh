#!/bin/sh
# Succeeds if the chat server is ready for work: health.sh [URL]
exec python3 -c '
import sys, urllib.request
none = urllib.request.ProxyHandler({})
with urllib.request.build_opener(none).open(sys.argv[1] + "/api/health", timeout=4) as answer:
    print(answer.read().decode())
' "${1:-http://127.0.0.1:${LABCHAT_PORT:-3000}}"
