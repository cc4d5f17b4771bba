"""The portal's settings with the peers of bench_ledger installed beside it."""

from portal.settings import *  # noqa: F403

INSTALLED_APPS = [
    *INSTALLED_APPS,  # noqa: F405
    "auditlog",
    "pgtrigger",
    "pghistory",
    "tests.bench.ledger_peers",
]
SIMPLE_HISTORY_ENABLED = True
PGTRIGGER_MIGRATIONS = False
