"""The interface in a browser, on this machine only, through textual-serve."""

from __future__ import annotations

import argparse
import logging
import shlex
import socket
import sys
from typing import Any

from tutor.commands import Trouble

EXAMPLE = "serve --port 8000"
HOST = "127.0.0.1"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="the port, 8000 if not given")


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl+C."""
    port: int = arguments.port
    if not 1 <= port <= 65535:
        raise Trouble(f"--port is a number from 1 to 65535, not {port}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Trouble(f"Port {port} cannot be used ({error.strerror}); choose another with --port.") from None
    server(port).serve()
    return 0


def server(port: int) -> Any:
    """A server that answers pages of its own only: no other page open in the browser may drive this terminal."""
    from aiohttp import web
    from textual_serve.server import Server

    own = {f"{name}:{port}" for name in (HOST, "localhost")}

    @web.middleware
    async def own_pages_only(request: web.Request, handler: Any) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if request.host not in own or (origin is not None and origin.removeprefix("http://") not in own):
            raise web.HTTPForbidden(text="Only pages of this server are answered.")
        return await handler(request)

    class Loopback(Server):
        async def _make_app(self) -> web.Application:
            app = await super()._make_app()
            app.middlewares.append(own_pages_only)
            return app

        def initialize_logging(self) -> None:
            logging.basicConfig(level=logging.WARNING, format="%(message)s")

        async def on_startup(self, app: web.Application) -> None:
            print(f"The tutor is at {self.public_url}; Ctrl+C ends it. From another machine: ", end="")
            print(f"ssh -L {port}:{HOST}:{port} THIS_MACHINE", flush=True)

    return Loopback(shlex.join([sys.executable, "-m", "tutor"]), host=HOST, port=port, title="tutor")
