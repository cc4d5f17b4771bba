"""`manage.py export_regulator`: two people, each with their own one-time code."""

from __future__ import annotations

import io
import json
import uuid

import pytest
from django.core.management import CommandError, call_command
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from audit.models import Export, Record
from core.models import User
from core.roles import Role
from tests.audit.exports import run_verifier
from tests.core.builders import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def person(*roles: Role) -> User:
    user = make_user(*roles)
    TOTPDevice.objects.filter(user=user).delete()
    TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
    return user


def code_of(user: User) -> str:
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key, device.step, device.t0, device.digits):06d}"


@pytest.fixture
def run(monkeypatch):
    """The command with codes of these people on its standard input."""

    def call(*arguments: str, typed: list[str]) -> dict:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{code}\n" for code in typed)))
        out = io.StringIO()
        call_command("export_regulator", *arguments, "--json", stdout=out)
        return json.loads(out.getvalue())

    return call


def test_two_people_write_a_bag_where_asked(run, notice, tmp_path):
    asker, officer, target = person(Role.AUDITOR), person(Role.PRIVACY_OFFICER), tmp_path / "bag"
    names = ("--requested-by", asker.username, "--approved-by", officer.username)
    options = ("--notice", str(notice), "--out", str(target), "--recipient", "监管局", *names)
    facts = run(*options, typed=[code_of(asker), code_of(officer)])
    export = Export.objects.get()
    assert (export.requested_by, export.decided_by) == (asker.pk, officer.pk)
    assert (facts["records"], facts["path"]) == (108, str(target))
    assert run_verifier(target).returncode == 0
    taken = Record.objects.get(action="export.downloaded")
    assert taken.staff == asker.pk
    with pytest.raises(CommandError, match="not an empty folder") as caught:
        run(*options, typed=[])
    assert caught.value.returncode == 2


def test_the_same_person_twice_a_wrong_code_or_no_right_is_refused(run, notice, tmp_path):
    asker, officer = person(Role.AUDITOR), person(Role.PRIVACY_OFFICER)
    author = person(Role.AUTHOR)
    where = ("--notice", str(notice), "--out", str(tmp_path / "bag"))

    def refusal(first: str, second: str, typed: list[str]) -> tuple[int, str]:
        with pytest.raises(CommandError) as caught:
            run(*where, "--requested-by", first, "--approved-by", second, typed=typed)
        return caught.value.returncode, str(caught.value)

    assert refusal(asker.username, asker.username, [])[0] == 2
    assert refusal(asker.username, "nobody", [code_of(asker)])[0] == 2
    TOTPDevice.objects.filter(user=asker).update(last_t=-1)
    wrong = refusal(asker.username, officer.username, [code_of(asker), "000000"])
    assert (wrong[0], officer.username in wrong[1]) == (1, True)
    TOTPDevice.objects.update(last_t=-1, throttling_failure_count=0)
    missing = refusal(asker.username, officer.username, [code_of(asker)])
    assert (missing[0], "missing" in missing[1]) == (2, True)
    TOTPDevice.objects.update(last_t=-1)
    denied = refusal(asker.username, author.username, [code_of(asker), code_of(author)])
    assert (denied[0], "exports.approve" in denied[1]) == (1, True)
    assert not Export.objects.exclude(state="requested").exists()
    assert not (tmp_path / "bag").exists()


NAMES = ["--requested-by", "a", "--approved-by", "b"]


@pytest.mark.parametrize(
    "arguments",
    [
        NAMES,
        ["--notice", str(uuid.uuid4())],
        ["--notice", str(uuid.uuid4()), *NAMES],
        ["--from", "2026-01-01", *NAMES],
        ["--from", "2026-01-01", "--to", "never", *NAMES],
        ["--from", "2026-02-30", "--to", "2026-03-01", *NAMES],
    ],
)
def test_the_command_refuses_wrong_usage(arguments, run, tmp_path):
    with pytest.raises(CommandError) as caught:
        run(*arguments, "--out", str(tmp_path / "bag"), typed=[])
    assert caught.value.returncode == 2
