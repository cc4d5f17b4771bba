"""A real PostgreSQL for every test: the embedded one, or the server that
VOUCHSAFE_TEST_DATABASE_URL (an administrator's URL) names.

The schema is migrated once, by the owner role, into a template database; each test process
works on its own copy as the application role, so the rights under test are the real ones.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).resolve().parent.parent
TEST_VAR = Path(os.environ.get("VOUCHSAFE_TEST_VAR", ROOT / "var" / "test"))

os.environ["VOUCHSAFE_VAR"] = str(TEST_VAR / os.environ.get("PYTEST_XDIST_WORKER", "main"))
os.environ.pop("DATABASE_URL", None)

# Fifty examples of a property unless a test says otherwise; HYPOTHESIS_PROFILE=default: a hundred.
hypothesis_settings.register_profile("brief", max_examples=50)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "brief"))

_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def admin_server() -> Iterator[str]:
    """An administrator's URL of the PostgreSQL under test, up for the length of the block."""
    if url := os.environ.get("VOUCHSAFE_TEST_DATABASE_URL"):
        yield url
        return
    from core.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(TEST_VAR / "postgres", settings=_FAST)
    with server.lease():
        yield server.url()


def pytest_configure() -> None:
    """Tests read English unless they ask for Chinese; the product's own default is Chinese."""
    from django.conf import settings

    settings.LANGUAGE_CODE = "en"


def _schema_digest() -> str:
    digest = hashlib.sha256()
    sources = [
        *ROOT.glob("*/migrations/*.py"),
        ROOT / "core" / "database.py",
        *ROOT.glob("*/models*.py"),
    ]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _file_lock(name: str) -> Iterator[None]:
    TEST_VAR.mkdir(parents=True, exist_ok=True)
    with (TEST_VAR / name).open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _django_database(admin_url: str, name: str, user: str) -> dict[str, object]:
    from portal.env import ON_REQUEST

    info = psycopg.conninfo.conninfo_to_dict(admin_url)
    return {
        "NAME": name,
        "USER": user,
        "PASSWORD": "vouchsafe-test" if info.get("host", "/")[:1] != "/" else "",
        "HOST": info.get("host", ""),
        "PORT": str(info.get("port", "")),
        "OPTIONS": {"prepare_threshold": ON_REQUEST},
    }


def point_django_at(admin_url: str, name: str) -> None:
    """Make both Django connections use database `name`, each under its own role."""
    from django.db import connections

    from core.embedded import APP_ROLE, OWNER_ROLE

    for alias, role in (("default", APP_ROLE), ("owner", OWNER_ROLE)):
        connections[alias].close()
        connections[alias].settings_dict.update(_django_database(admin_url, name, role))


def _ensure_template(admin_url: str) -> str:
    """Migrate the template database if the schema changed; returns its name."""
    from django.core.management import call_command
    from django.db import connections

    from core.database import provision

    name = f"vouchsafe_template_{_schema_digest()}"
    with _file_lock("template.lock"), psycopg.connect(admin_url, autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        building = name + "_building"
        _drop(admin, building)
        provision(
            admin_url,
            database=building,
            owner_password="vouchsafe-test",
            app_password="vouchsafe-test",
        )
        point_django_at(admin_url, building)
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        connections.close_all()
        admin.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(building), sql.Identifier(name)
            )
        )
    return name


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def fresh_database(admin_url: str, name: str) -> Iterator[str]:
    """A copy of the template under `name`; dropped afterwards."""
    template = _ensure_template(admin_url)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        _drop(admin, name)
        with _file_lock("copy.lock"):
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
    with psycopg.connect(admin_url, dbname=name, autocommit=True) as admin:
        from core.database import grant_rights

        grant_rights(admin)
    try:
        yield name
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            _drop(admin, name)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_blocker: pytest.FixtureRequest
) -> Iterator[None]:
    """One database per test process, copied from the migrated template."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        admin_url = stack.enter_context(admin_server())
        name = stack.enter_context(
            fresh_database(admin_url, f"vouchsafe_test_{worker}_{os.getpid()}")
        )
        point_django_at(admin_url, name)
        conninfo = make_conninfo(admin_url, dbname=name)
        os.environ["VOUCHSAFE_TEST_ADMIN"] = conninfo
        _clean_as_superuser(conninfo)
        yield
        from django.db import connections

        connections.close_all()


@pytest.fixture(scope="session")
def admin_conninfo(django_db_setup: None) -> str:
    """A superuser's connection string for this process's test database."""
    return os.environ["VOUCHSAFE_TEST_ADMIN"]


def _clean_as_superuser(conninfo: str) -> None:
    """After a transactional test the superuser restores what the migrations had put there: the
    application role may not TRUNCATE, so Django's own flush cannot work."""
    from django.db import connections
    from django.test import TransactionTestCase

    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(_TAKE)

    def teardown(self: TransactionTestCase) -> None:
        connections.close_all()
        empty_database(conninfo)

    TransactionTestCase._fixture_teardown = teardown


def empty_database(conninfo: str) -> None:
    """Restore what `pristine` remembered, as the superuser: nobody else could truncate."""
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(_RESTORE)


_TAKE = """
DO $$ DECLARE t text; n bigint; BEGIN
    CREATE SCHEMA pristine;
    CREATE TABLE pristine."always" AS
        SELECT tgrelid::regclass::text AS relation, tgname::text AS name FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled = 'A';
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT count(*) FROM public.%I', t) INTO n;
        IF n > 0 THEN
            EXECUTE format('CREATE TABLE pristine.%I AS TABLE public.%I', t, t);
        END IF;
    END LOOP;
END $$
"""

_RESTORE = """
DO $$ DECLARE t text; always text; guards text[]; known boolean; same boolean; BEGIN
    SET LOCAL session_replication_role = replica;  -- no foreign keys; ALWAYS triggers still fire
    FOR t, known IN
        SELECT c.relname, k.tablename IS NOT NULL FROM pg_class c
        LEFT JOIN pg_tables k ON k.schemaname = 'pristine' AND k.tablename = c.relname
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND c.relname <> 'django_migrations' ORDER BY c.relispartition DESC
    LOOP
        IF known THEN
            EXECUTE format('SELECT (SELECT (count(*), sum(hashtext(r::text))) FROM public.%1$I r) '
                           '= (SELECT (count(*), sum(hashtext(r::text))) FROM pristine.%1$I r)', t)
                INTO same;
        ELSE
            EXECUTE format('SELECT NOT EXISTS (SELECT 1 FROM public.%I)', t) INTO same;
        END IF;
        CONTINUE WHEN same;
        SELECT coalesce(array_agg(tgname), '{}') INTO guards FROM pg_trigger
            WHERE tgrelid = format('public.%I', t)::regclass AND NOT tgisinternal
              AND tgenabled = 'A';
        FOREACH always IN ARRAY guards LOOP
            EXECUTE format('ALTER TABLE public.%I DISABLE TRIGGER %I', t, always);
        END LOOP;
        EXECUTE format('DELETE FROM public.%I', t);
        IF known THEN
            EXECUTE format('INSERT INTO public.%1$I OVERRIDING SYSTEM VALUE '
                           'SELECT * FROM pristine.%1$I', t);
        END IF;
        FOREACH always IN ARRAY guards LOOP
            EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER %I', t, always);
        END LOOP;
    END LOOP;
    FOR t, always IN  -- what a test of the superuser's powers switched off
        SELECT p.relation, p.name FROM pristine."always" p JOIN pg_trigger g
        ON g.tgrelid = p.relation::regclass AND g.tgname = p.name AND g.tgenabled <> 'A'
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t, always);
    END LOOP;
END $$
"""


@pytest.fixture(autouse=True, scope="session")
def keys() -> Iterator[None]:
    """Fresh keys for this process, outside the checkout's own `var/keys`."""
    from django.conf import settings

    from core import crypto

    with tempfile.TemporaryDirectory() as directory:
        settings.KEY_DIR = Path(directory)
        for name in ("kek", "index-key"):
            crypto.create_key_file(name)
        crypto.forget_cached_keys()
        yield


@pytest.fixture(autouse=True, scope="session")
def fast_passwords() -> None:
    """A cheap hash: hundreds of tests make people, and none tests PBKDF2."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def fresh_providers() -> Iterator[None]:
    """Providers are built once per process; each test builds its own."""
    from comms.channels import base

    base.provider.cache_clear()
    yield
    base.provider.cache_clear()


@pytest.fixture(autouse=True)
def ledger_dir(tmp_path: Path, settings) -> Path:
    """The log's state outside the database: one directory per test."""
    settings.LEDGER_DIR = tmp_path / "ledger"
    settings.EXPORT_DIR = tmp_path / "exports"
    return settings.LEDGER_DIR


@pytest.fixture
def shared() -> Path:
    """The workplace's shared data; absent on a user's machine."""
    directory = ROOT.parent / "shared"
    if not directory.is_dir():
        pytest.skip("../shared is not beside this checkout")
    return directory
