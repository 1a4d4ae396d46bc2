"""Who may enter: the user id and the token that the chat of the class knows, nothing else."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_known(chat: str, user: str, token: str, *, timeout: float = 10.0) -> bool:
    """Whether ``token`` is this user's on the chat server at ``chat`` (``http://HOST:PORT``).

    It asks for one of the user's own messages, which a server with ``--auth token`` gives to
    nobody else. Raises OSError if the server does not answer, or answers something else.
    """
    if not token.isascii() or not token.isprintable():
        return False
    query = urllib.parse.urlencode({"user": user, "limit": 1})
    request = urllib.request.Request(
        f"{chat}/api/messages?{query}", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with DIRECT.open(request, timeout=timeout):
            return True
    except urllib.error.HTTPError as error:
        with error:
            if error.code in {400, 401, 403}:
                return False
            raise
