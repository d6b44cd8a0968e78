"""The handler that a read is measured against: Starlette, a route, a row by its key, its bytes. Nothing else.

Run as a program with the database file; it prints its base as the server does.
"""

import socket
import sqlite3
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.servers import GREETING

TEXT = "SELECT text FROM resources WHERE type = ? AND id = ?"


def application(file: str) -> Starlette:
    """Plans of the database, and whatever else is in it."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)

    async def read(request: Request) -> Response:
        (text,) = connection.execute(TEXT, (request.path_params["type"], request.path_params["id"])).fetchone()
        return Response(text, media_type="application/fhir+json")

    return Starlette(routes=[Route("/fhir/{type}/{id}", read)])


def main(file: str) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        config = uvicorn.Config(
            application(file),
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
        )
        sys.stdout.write(f"{GREETING}http://127.0.0.1:{listener.getsockname()[1]}/fhir\n")
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
