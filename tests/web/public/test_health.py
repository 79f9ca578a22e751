from django.db import connection
from django.test import Client


def test_the_process_says_that_it_is_alive(client: Client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_means_that_database_and_queue_answer(client, db):
    assert client.get("/readyz").json() == {"status": "ok", "database": "ok", "queue": "ok"}


def test_not_ready_names_what_is_down(client, db):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE procrastinate_jobs RENAME TO procrastinate_jobs_away")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["queue"] == "down"
