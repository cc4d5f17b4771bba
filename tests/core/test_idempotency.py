"""The same key and request acts once, also when two arrive at the same time."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.test import Client

from core import idempotency
from core.models import BusinessLine, IdempotencyKey
from core.roles import Role

from .builders import make_user, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.core.routes")]

LINE = {"code": "x", "name": "X"}


@pytest.fixture
def author():
    return make_user(Role.AUTHOR)


@pytest.fixture
def client(author):
    return sign_in(Client(), author)


def post(client, body=LINE, key="k-1"):
    return client.post(
        "/api/v1/lines/", body, content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_a_repeated_request_gets_the_same_answer_and_acts_once(client):
    first, again = post(client), post(client)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again["Location"] == first["Location"]
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert BusinessLine.objects.count() == 1


def test_a_key_used_for_another_request_is_refused(client):
    post(client)
    answer = post(client, {"code": "y", "name": "Y"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert BusinessLine.objects.count() == 1


def test_another_key_or_another_person_acts_anew(client):
    post(client)
    assert post(client, {"code": "y", "name": "Y"}, key="k-2").status_code == 201
    other = sign_in(Client(), make_user(Role.AUTHOR))
    assert post(other, {"code": "z", "name": "Z"}).status_code == 201


def test_a_refusal_leaves_the_key_free_and_no_trace(client):
    assert post(client, {"code": "x", "name": "refuse"}).status_code == 422
    assert not BusinessLine.objects.exists()
    assert post(client, LINE).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\t"])
def test_a_bad_key_is_named(client, key):
    answer = post(client, key=key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_a_key_in_flight_is_a_conflict(client, author):
    locked, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            idempotency._lock(f"user:{author.pk}", "k-1")
            locked.set()
            done.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(10)
    try:
        answer = post(client)
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_flight")
    finally:
        done.set()
        holder.join()
    assert post(client).status_code == 201


def test_many_at_once_act_once(author):
    answers, start = [], threading.Barrier(6)
    clients = [sign_in(Client(), author) for _n in range(6)]

    def run(client):
        start.wait(10)
        answers.append(post(client).status_code)
        connection.close()

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert BusinessLine.objects.count() == IdempotencyKey.objects.count() == 1
    assert set(answers) <= {201, 409}
    assert 201 in answers
