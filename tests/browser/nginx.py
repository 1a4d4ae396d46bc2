"""nginx before a chat server, set up as docs/deploy.md says; only where nginx is installed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
GUIDE = Path(__file__).parents[2] / "docs" / "deploy.md"

USER = "user root;" if os.geteuid() == 0 else ""
"""Its workers would be nobody's else, who may not write to the test's folder."""
AROUND = """
{user} worker_processes 1; daemon off; pid {folder}/pid; error_log stderr error;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""


def location(prefix: str, port: int) -> str:
    """The guide's own block, for this prefix and this port."""
    (block,) = re.findall(r"```nginx\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert "/chat/" in block
    assert ":3000/" in block
    return block.replace("/chat/", f"{prefix}/").replace(":3000/", f":{port}/")


@contextlib.asynccontextmanager
async def behind_nginx(port: int, prefix: str, folder: Path) -> AsyncIterator[str]:
    """A real nginx that serves ``port`` under ``prefix``.

    It inherits a socket that listens already, as at its own upgrade: no port is guessed, and who
    comes before it is up waits in the backlog.
    """
    assert NGINX is not None
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        listening.setblocking(False)
        at = listening.getsockname()[1]
        config = folder / "nginx.conf"
        block = location(prefix, port)
        config.write_text(AROUND.format(folder=folder, port=at, location=block, user=USER))
        nginx = await asyncio.create_subprocess_exec(
            *(NGINX, "-p", str(folder), "-c", str(config)),
            env={"NGINX": f"{listening.fileno()};"},
            pass_fds=(listening.fileno(),),
        )
        try:
            yield f"http://127.0.0.1:{at}{prefix}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                nginx.terminate()
            await nginx.wait()
