"""Changes to people, lines and keys: allowed, refused, recorded."""

from __future__ import annotations

import datetime as dt

import pytest

from core import clock, devices, journal, services
from core.actor import system
from core.errors import (
    Conflict,
    Forbidden,
    FourEyesViolation,
    InvalidInput,
    NotFound,
    StepUpRequired,
)
from core.models import ApiKey, User
from core.roles import Capability, Role
from core.selectors import lines_of

from .builders import PASSWORD, actor_of, device_of, last_record, make_line, make_user

pytestmark = pytest.mark.django_db

NOW = clock.now()


@pytest.fixture
def admin() -> User:
    return make_user(Role.ADMINISTRATOR)


def create(admin, **changes) -> User:
    given = {"username": "zhou", "password": PASSWORD, "actor": actor_of(admin), "now": clock.now()}
    return services.create_user(**(given | changes))


def test_a_created_user_has_their_roles_and_lines_and_a_record(admin):
    line = make_line()
    user = create(admin, roles=[Role.AUTHOR], lines=[line.pk])

    assert user.roles == {Role.AUTHOR}
    assert lines_of(user) == {line.pk}
    record = last_record("user.created")
    assert record.staff == user.pk
    assert record.facts == {"lines": [str(line.pk)], "roles": ["author"]}
    assert "zhou" not in str(record.facts)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "a b"}, "username"),
        ({"username": ""}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"email": "nonsense"}, "email"),
        ({"language": "tlh"}, "language"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_bad_input_names_its_field(admin, changes, field):
    with pytest.raises(InvalidInput) as refusal:
        create(admin, **changes)
    assert refusal.value.field == field
    assert not User.objects.filter(username="zhou").exists()


def test_a_taken_name_is_refused(admin):
    create(admin)
    with pytest.raises(InvalidInput) as refusal:
        create(admin)
    assert refusal.value.field == "username"


def test_an_administrator_cannot_make_up_a_second_person_alone(admin):
    user = create(admin, roles=[Role.REVIEWER])
    let_in = {"user_id": user.pk, "active": True, "reason": "new colleague"}
    assert not User.objects.get(pk=user.pk).is_active
    with pytest.raises(FourEyesViolation):
        services.set_active(**let_in, actor=actor_of(admin), now=clock.now())
    other = actor_of(make_user(Role.ADMINISTRATOR))
    services.set_active(**let_in, actor=other, now=clock.now())
    assert User.objects.get(pk=user.pk).is_active


def test_a_reset_takes_password_devices_and_sessions_until_another_lets_in(admin):
    user = make_user(Role.REVIEWER)
    device_of(user)
    before = user.get_session_auth_hash()
    password = services.reset_sign_in(
        user_id=user.pk, reason="lost the phone", actor=actor_of(admin), now=clock.now()
    )
    fresh = User.objects.get(pk=user.pk)
    assert fresh.check_password(password)
    assert not fresh.check_password(PASSWORD)
    assert not fresh.is_active
    assert not devices.has_second_factor(fresh)
    assert fresh.get_session_auth_hash() != before
    assert password not in last_record("user.sign_in_reset").text
    let_in = {"user_id": user.pk, "active": True, "reason": "it is really her"}
    with pytest.raises(FourEyesViolation):
        services.set_active(**let_in, actor=actor_of(admin), now=clock.now())
    with pytest.raises(FourEyesViolation):
        services.reset_sign_in(
            user_id=admin.pk, reason="self", actor=actor_of(admin), now=clock.now()
        )


def test_a_correction_names_the_fields_and_not_their_content(admin):
    user = make_user()
    given = {"user_id": user.pk, "actor": actor_of(admin), "now": clock.now()}
    services.update_user(**given, display_name="Zhou Li", email="zhou@example.com")
    record = last_record("user.updated")
    assert record.facts == {"fields": ["display_name", "email"]}
    with pytest.raises(InvalidInput) as refusal:
        services.update_user(**given, display_name="Zhou Li", email="nonsense")
    assert refusal.value.field == "email"


def test_a_line_is_renamed_with_a_record():
    line, admin = make_line(), make_user(Role.ADMINISTRATOR)
    given = {"line_id": line.pk, "actor": actor_of(admin), "now": clock.now()}
    assert services.rename_line(**given, name=" Wealth ").name == "Wealth"
    assert last_record("line.renamed").facts == {"before": "Retail brokerage", "after": "Wealth"}
    with pytest.raises(InvalidInput):
        services.rename_line(**given, name=" ")
    with pytest.raises(Forbidden):
        services.rename_line(**(given | {"actor": actor_of(make_user())}), name="X")


def test_only_a_stepped_up_administrator_makes_users(admin):
    with pytest.raises(Forbidden):
        create(admin, actor=actor_of(make_user(Role.AUDITOR)))
    with pytest.raises(StepUpRequired):
        create(admin, actor=actor_of(admin, stepped_up=False))
    assert create(admin).pk


def test_superuser_status_gives_no_capability(admin):
    root = make_user(Role.AUTHOR)
    User.objects.filter(pk=root.pk).update(is_superuser=True, is_staff=True)
    make_line()
    actor = actor_of(root)
    assert actor.capabilities == {Capability.TEMPLATES_VIEW, Capability.TEMPLATES_DRAFT}
    assert actor.lines == frozenset()
    with pytest.raises(Forbidden):
        create(admin, actor=actor)


def test_a_role_change_ends_sessions_and_says_before_and_after(admin):
    user = make_user(Role.AUTHOR)
    before = user.get_session_auth_hash()
    changed = services.set_roles(
        user_id=user.pk, roles=[Role.REVIEWER], actor=actor_of(admin), now=clock.now()
    )
    assert changed.roles == {Role.REVIEWER}
    assert User.objects.get(pk=user.pk).get_session_auth_hash() != before
    assert last_record("user.roles_changed").facts == {"before": ["author"], "after": ["reviewer"]}


def test_roles_are_not_changed_by_oneself_nor_to_what_they_are(admin):
    with pytest.raises(FourEyesViolation):
        services.set_roles(
            user_id=admin.pk, roles=[Role.REVIEWER], actor=actor_of(admin), now=clock.now()
        )
    user = make_user(Role.AUTHOR)
    with pytest.raises(Conflict):
        services.set_roles(
            user_id=user.pk, roles=[Role.AUTHOR], actor=actor_of(admin), now=clock.now()
        )


def test_a_line_is_given_and_taken(admin):
    user, line = make_user(Role.DISPATCHER), make_line()
    given = {"user_id": user.pk, "line_id": line.pk, "actor": actor_of(admin), "now": clock.now()}

    services.give_line(**given)
    assert lines_of(user) == {line.pk}
    with pytest.raises(Conflict):
        services.give_line(**given)

    epoch = User.objects.get(pk=user.pk).session_epoch
    services.take_line(**given)
    assert lines_of(user) == frozenset()
    assert User.objects.get(pk=user.pk).session_epoch == epoch + 1
    with pytest.raises(Conflict):
        services.take_line(**given)


def test_an_unknown_line_or_user_is_named(admin):
    missing = clock.uuid7()
    with pytest.raises(NotFound) as refusal:
        create(admin, lines=[missing])
    assert refusal.value.details == {"missing": [str(missing)]}
    with pytest.raises(NotFound):
        services.set_roles(user_id=missing, roles=[], actor=actor_of(admin), now=clock.now())


def test_shutting_out_needs_a_reason_and_another_person(admin):
    user = make_user(Role.AUTHOR)
    given = {"user_id": user.pk, "active": False, "actor": actor_of(admin), "now": clock.now()}
    with pytest.raises(InvalidInput):
        services.set_active(**given, reason=" ")
    services.set_active(**given, reason="left the firm")
    assert not User.objects.get(pk=user.pk).is_active
    assert last_record("user.deactivated").facts == {"reason": "left the firm"}
    with pytest.raises(FourEyesViolation):
        services.set_active(**(given | {"user_id": admin.pk}), reason="oneself")


def test_a_key_is_shown_once_and_stored_as_a_hash(admin):
    owner = make_user(Role.AUDITOR)
    new = services.create_api_key(
        name="archive",
        owner_id=owner.pk,
        scopes=[Capability.AUDIT_BROWSE],
        actor=actor_of(admin, now=NOW),
        now=NOW,
    )
    secret = new.token.split("_", 2)[2]
    stored = ApiKey.objects.get(pk=new.key.pk)
    assert new.token.startswith(f"vs_{stored.prefix}_")
    assert secret.encode() not in bytes(stored.secret_hash)
    assert stored.expires_at == NOW + services.KEY_LIFETIME
    assert new.token not in repr(new)
    assert last_record("api_key.created").object == f"api-key:{stored.pk}"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scopes": [Capability.NOTICES_RELEASE]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"expires_at": NOW - dt.timedelta(seconds=1)}, "expires_at"),
        ({"expires_at": NOW + services.KEY_LIFETIME + dt.timedelta(seconds=1)}, "expires_at"),
    ],
)
def test_a_key_has_its_owners_capabilities_and_a_year_at_most(admin, changes, field):
    given = {
        "name": "archive",
        "owner_id": make_user(Role.AUDITOR).pk,
        "scopes": [Capability.AUDIT_BROWSE],
        "actor": actor_of(admin, now=NOW),
        "now": NOW,
    }
    with pytest.raises(InvalidInput) as refusal:
        services.create_api_key(**(given | changes))
    assert refusal.value.field == field


def test_a_key_is_revoked_by_its_owner_but_not_by_a_stranger(admin):
    owner = make_user(Role.AUDITOR)
    key = services.create_api_key(
        name="archive", owner_id=owner.pk, scopes=[Capability.AUDIT_BROWSE],
        actor=actor_of(admin), now=clock.now(),
    ).key  # fmt: skip
    with pytest.raises(NotFound):
        services.revoke_api_key(
            key_id=key.pk, reason="why not", actor=actor_of(make_user()), now=clock.now()
        )
    given = {"key_id": key.pk, "reason": "rotated", "actor": actor_of(owner), "now": clock.now()}
    assert services.revoke_api_key(**given).revoked_at
    with pytest.raises(Conflict):
        services.revoke_api_key(**given)


def test_one_sets_ones_own_locale_only():
    user, other = make_user(), make_user()
    given = {"language": "en", "time_zone": "Europe/London", "now": clock.now()}
    services.set_locale(user_id=user.pk, actor=actor_of(user), **given)
    assert User.objects.get(pk=user.pk).time_zone == "Europe/London"
    with pytest.raises(NotFound):
        services.set_locale(user_id=other.pk, actor=actor_of(user), **given)


def test_without_a_ledger_nothing_is_changed(monkeypatch):
    monkeypatch.setattr(journal, "_writer", None)
    with pytest.raises(RuntimeError, match="ledger"):
        services.create_line(code="x", name="X", actor=system("test"), now=clock.now())
