"""Changes to people, business lines and keys. Each is one transaction with a ledger record."""

from __future__ import annotations

from core.services.checks import known_language, known_time_zone, set_valid_password
from core.services.keys import (
    KEY_HASH_PURPOSE,
    KEY_LIFETIME,
    NewKey,
    create_api_key,
    revoke_api_key,
)
from core.services.lines import create_line, rename_line
from core.services.own import change_password, choose_password, set_email, set_locale
from core.services.staff import (
    create_user,
    give_line,
    new_password,
    reset_sign_in,
    set_active,
    set_roles,
    take_line,
    update_user,
)

__all__ = [
    "KEY_HASH_PURPOSE",
    "KEY_LIFETIME",
    "NewKey",
    "change_password",
    "choose_password",
    "create_api_key",
    "create_line",
    "create_user",
    "give_line",
    "known_language",
    "known_time_zone",
    "new_password",
    "rename_line",
    "reset_sign_in",
    "revoke_api_key",
    "set_active",
    "set_email",
    "set_locale",
    "set_roles",
    "set_valid_password",
    "take_line",
    "update_user",
]
