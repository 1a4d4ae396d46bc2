"""JupyterHub for a class: everybody in the roster has notebooks, and the chat all share.

One signs in with user id and token, the same as in the chat. In the notebooks they are
``LABCHAT_USER`` and ``LABCHAT_TOKEN``; the shared server is ``LABCHAT_CHAT``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from jupyterhub.auth import Authenticator

sys.path.insert(0, str(Path(__file__).parent))
from class_login import is_known

CHAT = os.environ.get("LABCHAT_CHAT", "http://chat:3000")
DATA = os.environ.get("LABCHAT_HUB_DATA", "/data")


class ClassAuthenticator(Authenticator):
    """Asks the chat server, which alone knows whose token is whose."""

    def normalize_username(self, username):
        """User ids are kept as the roster writes them."""
        return username

    async def authenticate(self, handler, data):
        """The user with the token as sealed state, or None."""
        user, token = data["username"].strip(), data["password"].strip()
        if await asyncio.to_thread(is_known, CHAT, user, token):
            return {"name": user, "auth_state": {"token": token}}
        return None


def hand_over(spawner, auth_state):
    """Give the notebooks what they need to speak in the shared chat."""
    spawner.environment = {
        **spawner.environment,
        "LABCHAT_CHAT": CHAT,
        "LABCHAT_USER": spawner.user.name,
        "LABCHAT_TOKEN": (auth_state or {}).get("token", ""),
    }


c = get_config()  # noqa: F821 - JupyterHub's, when it reads this file

c.JupyterHub.bind_url = os.environ.get("LABCHAT_HUB_BIND", "http://:8000")
c.JupyterHub.hub_ip = os.environ.get("LABCHAT_HUB_IP", "0.0.0.0")  # learners' containers call it
c.JupyterHub.hub_connect_ip = os.environ.get("LABCHAT_HUB_NAME", "hub")
c.JupyterHub.db_url = f"sqlite:///{DATA}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{DATA}/cookie_secret"
c.JupyterHub.authenticator_class = ClassAuthenticator
c.Authenticator.allow_all = True  # whoever has a token; the roster says who has
c.Authenticator.enable_auth_state = True

c.JupyterHub.spawner_class = os.environ.get("LABCHAT_SPAWNER", "dockerspawner.DockerSpawner")
c.Spawner.auth_state_hook = hand_over
c.Spawner.mem_limit = "1G"
c.Spawner.cpu_limit = 1.0
c.Spawner.http_timeout = 60
c.DockerSpawner.image = os.environ.get("LABCHAT_IMAGE", "labchat-lab")
c.DockerSpawner.cmd = ["notebooks"]
c.DockerSpawner.network_name = os.environ.get("LABCHAT_NETWORK", "labchat")
c.DockerSpawner.remove = True
c.DockerSpawner.volumes = {"labchat-{username}": "/home/learner"}
