"""Rows of every big table as years of use would have left them, made by the server itself: PostgreSQL only.

What a filter looks for is rare and old: the worst place for a list that begins with the newest.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from campaigns.models import (
    Audience,
    AudienceImport,
    AudienceMember,
    AuditEvent,
    Campaign,
    DispatchFigures,
    WebhookDelivery,
    WebhookEndpoint,
)
from campaigns.reports import daily_figures
from campaigns.states import ImportState
from messaging.models import (
    Batch,
    Click,
    Delivery,
    Dispatch,
    Receipt,
    Reply,
    Suppression,
    VendorAccount,
    VendorCall,
)
from messaging.states import BatchState, DispatchState
from tools.bench.house import House, campaign, empty_dispatch

FIRST, STEP = 13_000_000_000, 6_999
CAMPAIGNS, REQUEST = 10, 1000
ACCOUNTS = 5
# Who answers, taps and opts out: the first thousand numbers that are sent to, and otherwise people of other days.
BUSY = 1000
_OTHERS = f"({FIRST} + n * {STEP} + CASE WHEN n < {BUSY} THEN 0 ELSE 1 END)::text"
_SENT = "now() - interval '40 days' + (n %% 2000000) * interval '1 second'"


def phone(n: int) -> str:
    return str(FIRST + n * STEP)


def insert(model: type[Model], first: int, count: int, expressions: dict[str, str]) -> None:
    """`count` rows; `expressions` are SQL of n, which counts on from `first`; every other column has its model's default."""
    columns, values, parameters = [], [], []
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        columns.append(f'"{field.column}"')
        given = expressions.get(field.name)
        if given is None:
            default = timezone.now() if getattr(field, "auto_now_add", False) else field.get_default()
            values.append(f"%s::{field.db_type(connection)}")
            parameters.append(field.get_db_prep_save(default, connection))
        else:
            values.append(given)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "  # noqa: S608 - columns of our models
            f"SELECT {', '.join(values)} FROM generate_series(%s::bigint, %s::bigint) AS counted(n)",
            [*parameters, first, first + count - 1],
        )


Work = Callable[[int, int], None]


@contextmanager
def _unchecked() -> Iterator[None]:
    """Without looking for each row's parents, which takes as long as the rows; only the server's own superuser may."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')")
        may = cursor.fetchone()[0] == "on"
        cursor.execute("SET session_replication_role = replica" if may else "SELECT 1")
        try:
            yield
        finally:
            cursor.execute("SET session_replication_role = DEFAULT" if may else "SELECT 1")


class Filler:
    """Fills up to a size, and from there on to a bigger one: `size` deliveries and members, and in each other table as many,
    but no more than `others`."""

    def __init__(self, house: House, others: int) -> None:
        self.house, self.others = house, others
        self.filled = 0
        self.accounts = [house.account.pk, *(self._account(n) for n in range(1, ACCOUNTS))]
        secret: Any = {"secret": "s"}
        self.endpoint = WebhookEndpoint.objects.create(name="bench", url="https://example.com/", secret=secret)
        self.campaigns = [self._campaign(n) for n in range(CAMPAIGNS)]

    def _account(self, n: int) -> int:
        row = VendorAccount.objects.get(pk=self.house.account.pk)
        row.pk, row.name, row.callback_token = None, f"bench {n}", f"bench-token-{n}"
        row.save(force_insert=True)
        return int(row.pk)

    def _campaign(self, n: int) -> Campaign:
        audience = Audience.objects.create(name=f"bench {n}")
        AudienceImport.objects.create(audience=audience, file_name="bench.csv", sha256="0" * 64, state=ImportState.DONE)
        made = campaign(self.house, audience, f"bench {n}")
        sent_at = timezone.now() - timedelta(days=3 * n + 1)
        over = {"state": DispatchState.DONE, "started_at": sent_at, "finished_at": sent_at}
        dispatch = empty_dispatch(self.house, made.name, **over)
        found = {"run_id": dispatch.run_id, "dispatch": dispatch, "state": "done", "started_at": sent_at}
        Campaign.objects.filter(pk=made.pk).update(**found)
        made.refresh_from_db()
        return made

    def up_to(self, size: int, say: Callable[[str], None]) -> None:
        with _unchecked():
            for name, work, most in self._parts(size):
                first, count = min(self.filled, most), min(size, most) - min(self.filled, most)
                if count:
                    say(f"{name}: {count:,} rows more")
                    work(first, count)
        self.filled = size
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        self._figures()

    def _parts(self, size: int) -> Iterator[tuple[str, Work, int]]:
        """(name, what adds to it, how many it gets at most)."""
        yield "deliveries", self._deliveries, size
        yield "members", self._members, size
        others = (
            ("calls", self._calls),
            ("receipts", self._receipts),
            ("replies", self._replies),
            ("taps and orders of one", self._orders),
            ("do-not-send entries", self._suppressions),
            ("audit events", self._trail),
            ("webhook deliveries", self._webhooks),
        )
        yield from ((name, work, self.others) for name, work in others)

    def _deliveries(self, first: int, count: int) -> None:
        """Each dispatch has a part of them, all to the same numbers: a number has as many deliveries as there are dispatches."""
        for number, made in enumerate(self.campaigns):
            run, dispatch = made.run_id, made.dispatch_id
            people = count // CAMPAIGNS
            insert(
                Batch,
                first // CAMPAIGNS // REQUEST,
                -(-people // REQUEST),
                {
                    "dispatch": str(dispatch),
                    "account": str(self.accounts[0]),
                    "number": "n + 1",
                    "size": str(REQUEST),
                    "state": f"'{BatchState.SUBMITTED}'",
                    "n_delivered": "850",
                    "n_failed": "30",
                    "submitted_at": f"now() - interval '{3 * number + 1} days'",
                },
            )
            base = (
                Batch.objects.filter(dispatch=dispatch, number=first // CAMPAIGNS // REQUEST + 1)
                .values_list("pk")
                .get()[0]
            )
            insert(
                Delivery,
                first // CAMPAIGNS,
                people,
                {
                    "dispatch": str(dispatch),
                    "batch": f"CASE WHEN n %% 50 = 49 THEN NULL ELSE {base} + (n - {first // CAMPAIGNS}) / {REQUEST} END",
                    "run_id": f"'{run}'::uuid",
                    "leg": "'main'",
                    "phone": f"({FIRST} + n * {STEP})::text",
                    "own_status": "CASE WHEN n %% 50 = 49 THEN 20 WHEN n %% 100 < 80 THEN 60 WHEN n %% 100 < 85 THEN 70"
                    " WHEN n %% 100 < 88 THEN 50 WHEN n %% 100 < 90 THEN 40 END",
                    "channel": "CASE WHEN n %% 50 = 49 THEN '' WHEN n %% 100 < 20 THEN 'sms' ELSE 'rcs' END",
                    "reason": "CASE WHEN n %% 50 = 49 THEN 'suppressed' WHEN n %% 100 IN (85, 86, 87) THEN 'bad_number'"
                    " ELSE '' END",
                    "units": "1",
                },
            )
            Dispatch.objects.filter(campaign=made).update(total=(first + count) // CAMPAIGNS)

    def _members(self, first: int, count: int) -> None:
        for made in self.campaigns:
            source = made.audience.imports.get()
            spread = {
                "audience": str(made.audience_id),
                "source": str(source.pk),
                "phone": f"({FIRST} + n * {STEP})::text",
                "line": "n + 2",
                "operator": "'cmcc'",
            }
            insert(AudienceMember, first // CAMPAIGNS, count // CAMPAIGNS, spread)
            Audience.objects.filter(pk=made.audience_id).update(size=(first + count) // CAMPAIGNS)

    def _any_account(self) -> str:
        """The last account was used long ago alone."""
        numbers = ", ".join(map(str, self.accounts[:-1]))
        return f"CASE WHEN n < 60 THEN {self.accounts[-1]} ELSE (ARRAY[{numbers}])[1 + n %% {ACCOUNTS - 1}] END"

    def _calls(self, first: int, count: int) -> None:
        outcome = (
            "CASE WHEN n < 20 THEN 'unknown' WHEN n < 40 THEN 'blocked' WHEN n < 60 THEN 'rejected' WHEN n < 80 THEN 'not_taken'"
            " WHEN n %% 9 = 0 THEN 'answered' ELSE 'accepted' END"
        )
        values = {"account": self._any_account(), "operation": "'send'", "people": "1000", "digest": "md5(n::text)"}
        values |= {"status": "200", "answer": "'{}'", "outcome": outcome, "started_at": _SENT, "milliseconds": "80"}
        insert(VendorCall, first, count, values)

    def _receipts(self, first: int, count: int) -> None:
        state = (
            "CASE WHEN n < 20 THEN 'odd' WHEN n < 40 THEN 'dismissed' WHEN n < 90 THEN 'unmatched' ELSE 'matched' END"
        )
        values = {
            "account": self._any_account(),
            "key": "'k' || n",
            "state": state,
            "phone": f"({FIRST} + n * {STEP})::text",
        }
        values |= {"status": "'delivered'", "task_id": "'t' || n", "reported_at": _SENT}
        insert(Receipt, first, count, values)

    def _replies(self, first: int, count: int) -> None:
        state = "CASE WHEN n < 20 THEN 'new' WHEN n < 40 THEN 'assigned' WHEN n < 60 THEN 'answered' ELSE 'closed' END"
        values = {"account": self._any_account(), "key": "'k' || n", "phone": _OTHERS}
        values |= {"content": "'好的'", "state": state, "is_opt_out": "n %% 200 = 0", "replied_at": _SENT}
        values |= {"tag": "CASE WHEN n < 20 THEN '投诉' ELSE '' END", "assigned_to": "NULL"}
        insert(Reply, first, count, values)

    def _orders(self, first: int, count: int) -> None:
        """Taps, and dispatches of one person as another system orders them, which the reports have counted."""
        values = {"account": self._any_account(), "key": "'k' || n", "phone": _OTHERS}
        insert(Click, first // 10, count // 10, {**values, "clicked_at": _SENT})
        state = "CASE WHEN n < 20 THEN 'cancelled' ELSE 'done' END"
        values = {
            "account": self._any_account(),
            "title": "'验证码 ' || n",
            "state": state,
            "total": "1",
            "purpose": "'notice'",
        }
        values |= {
            "run_id": "gen_random_uuid()",
            "started_at": _SENT,
            "finished_at": _SENT,
            "version": str(self.house.version.pk),
        }
        insert(Dispatch, first // 10, count // 10, values)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {DispatchFigures._meta.db_table} (dispatch_id, groups, opt_outs, counted_at, final) "  # noqa: S608
                f"SELECT id, '[]', 0, now(), true FROM {Dispatch._meta.db_table} WHERE total = 1 "
                "ON CONFLICT DO NOTHING"
            )

    def _suppressions(self, first: int, count: int) -> None:
        source = (
            "CASE WHEN n < 20 THEN 'hand' WHEN n < 40 THEN 'vendor' WHEN n < 60 THEN 'api' WHEN n < 80 THEN 'import'"
            " ELSE 'reply' END"
        )
        values = {"phone": _OTHERS, "source": source, "since": _SENT}
        values |= {"scope": "CASE WHEN n < 20 THEN 'account' WHEN n < 40 THEN 'signature' ELSE 'all' END"}
        values |= {"account": f"CASE WHEN n < 20 THEN {self.accounts[0]} END"}
        values |= {"signature": f"CASE WHEN n BETWEEN 20 AND 39 THEN {self.house.signature.pk} END"}
        values |= {"lifted_at": "CASE WHEN n < 30 THEN now() END"}
        insert(Suppression, first, count, values)

    def _trail(self, first: int, count: int) -> None:
        action = (
            "CASE WHEN n < 20 THEN 'Made an API token' WHEN n < 40 THEN 'Approved a campaign'"
            " ELSE 'Sent messages through the API' END"
        )
        values = {"actor": f"CASE WHEN n < 20 THEN {self.house.actor.pk} END", "action": action}
        values |= {
            "target_name": "'验证码 ' || n",
            "target_id": "n::text",
            "target_type": "'messaging.dispatch'",
            "at": _SENT,
        }
        insert(AuditEvent, first, count, values)

    def _webhooks(self, first: int, count: int) -> None:
        event = "CASE WHEN n < 20 THEN 'campaign.finished' ELSE 'delivery.updated' END"
        values = {"endpoint": str(self.endpoint.pk), "key": "gen_random_uuid()", "event": event, "delivered_at": _SENT}
        insert(WebhookDelivery, first, count, {**values, "created_at": _SENT})

    def _figures(self) -> None:
        """The dispatches of the campaigns as the background counts them."""
        for made in self.campaigns:
            if made.dispatch:
                made.dispatch.refresh_from_db()
                daily_figures.count(made.dispatch)
        ContentType.objects.clear_cache()
