"""`fhir-server serve`: the server, until it is told to stop."""

import asyncio
import errno
import gc
import signal
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import structlog
import typer
import uvicorn
from pydantic import ValidationError
from starlette.types import ASGIApp
from uvicorn.loops.auto import auto_loop_factory

from fhir_server.assembly import Assembly, assembled, claim_index
from fhir_server.assembly.outside import NotStarted, without_password
from fhir_server.assembly.safety import refuse_unsafe
from fhir_server.cli.workers import in_processes
from fhir_server.http.welcome import Story
from fhir_server.http.wire import BoundedHttp
from fhir_server.settings import Settings
from fhir_server.storage.store import Unopened

KEPT_OPEN_SECONDS = 75
"""So long a connection may rest between two requests: longer than the pools of clients and proxies keep one, who else would send
into a connection that is just being closed.
"""

Prepare = Callable[[Assembly], Awaitable[str]]
"""What is done before anybody is listened to; it gives what is said beneath the greeting."""


def serve(  # noqa: PLR0913, PLR0917  # each is an option of the command line
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    database: Annotated[str | None, typer.Option(help="sqlite:///FILE or mongodb://HOST/NAME")] = None,
    access: Annotated[Literal["smart", "open"] | None, typer.Option(help="Who may call.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; SQLite takes one.")] = None,
    tls_cert: Annotated[str | None, typer.Option(help="File of the certificate, with its chain (PEM).")] = None,
    tls_key: Annotated[str | None, typer.Option(help="File of its key (PEM).")] = None,
    tls_clients: Annotated[str | None, typer.Option(help="File of the CAs whose clients alone may connect.")] = None,
) -> None:
    """Serve a database."""
    settings = settings_with(
        host=host,
        port=port,
        database=database,
        access=access,
        workers=workers,
        tls_cert=tls_cert,
        tls_key=tls_key,
        tls_clients=tls_clients,
    )
    run(settings)


def settings_with(**given: Any) -> Settings:
    """The settings of the environment, and over them what the command line gives. Ends the process with what to mend."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(str(part) for part in row['loc'])}: {row['msg']}" for row in error.errors())
        raise stopped(f"A setting is wrong: {wrong}. See docs/settings.md.") from None


def stopped(why: str) -> typer.Exit:
    """The end of the process, having said why."""
    typer.echo(f"fhir-server: {why}", err=True)
    return typer.Exit(1)


def run(settings: Settings, *, stories: Sequence[Story] = (), prepare: Prepare | None = None, name: str = "") -> None:
    """Listens, prepares, serves, and stops gracefully on SIGINT or SIGTERM."""
    _log_events()
    with _listening(settings) as listener:
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        greeting = f"{name}FHIR base: {settings.base}"
        if settings.workers == 1:
            _run_one(settings, listener, stories, prepare, greeting)
            return
        _refuse_early(settings)
        code = in_processes(
            settings.workers,
            lambda number: _run_one(settings, listener, stories, prepare, "" if number else greeting),
        )
        raise typer.Exit(code)


def _run_one(
    settings: Settings, listener: socket.socket, stories: Sequence[Story], prepare: Prepare | None, greeting: str
) -> None:
    try:
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(_serve(settings, listener, stories, prepare, greeting))
    except (NotStarted, Unopened) as refusal:
        raise stopped(str(refusal)) from None


def _refuse_early(settings: Settings) -> None:
    """Before there are several processes to say the same."""
    try:
        refuse_unsafe(settings)
    except NotStarted as refusal:
        raise stopped(str(refusal)) from None


async def _serve(
    settings: Settings, listener: socket.socket, stories: Sequence[Story], prepare: Prepare | None, greeting: str
) -> None:
    async with assembled(settings, stories) as assembly:
        if not await claim_index(assembly):
            raise NotStarted(
                "The index of the database is not whole, or was made by other search definitions. "
                f"Run: fhir-server reindex --database {without_password(settings.database)}"
            )
        said = await prepare(assembly) if prepare is not None else ""
        config = listening_as(assembly.app, settings)
        listener.listen(2048)
        await _Server(config, f"{greeting}{said}" if greeting else "").serve(sockets=[listener])


def listening_as(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """How an application is listened for: by TLS where there is a certificate, and with X-Forwarded-For and -Proto believed of the
    proxies that are named and of nobody else. NotStarted where the files of TLS cannot be used.
    """
    config = uvicorn.Config(
        app,
        http=BoundedHttp,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.forwarders),
        forwarded_allow_ips=settings.forwarders,
        timeout_graceful_shutdown=settings.stop_seconds,
        timeout_keep_alive=KEPT_OPEN_SECONDS,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
        ssl_ca_certs=settings.tls_clients or None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if settings.tls_clients else ssl.CERT_NONE,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise NotStarted(
            f"The certificate, its key or the clients' CAs cannot be used: {error.strerror or error}."
        ) from None
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return config


class _Server(uvicorn.Server):
    """uvicorn, which says when it listens, and leaves the end of the process to us: the store is closed after it."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()  # what is there now stays: a full collection goes over 177,000 objects less, 60 ms with every caller waiting
        if self._greeting:
            typer.echo(self._greeting)
            sys.stdout.flush()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            raise stopped(_why_not_bound(error, settings)) from None
        yield listener


def _why_not_bound(error: OSError, settings: Settings) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {settings.port} is busy. Choose another: --port {settings.port + 10}"
    if error.errno == errno.EACCES:
        return f"Port {settings.port} needs rights that this user has not. Choose one above 1023: --port 8080"
    return f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}). Choose another --host or --port."


def _log_events() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
