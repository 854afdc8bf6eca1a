"""`python -m tools.bench.post_office PEOPLE DATABASE [lean]`: its queue and its send, one process, nothing on the wire.

A Django of its own with that one application; run by baselines.post_office where the package is installed. As it comes it notes
each message's outcome and sends in five threads; `lean` is without the notes and in one thread, the quickest it can be set to.
"""

import json
import sys
import time

TEXT = "{{ name }}，您在{{ city }}的余额 {{ amount }} 元 {{ day }} 前可用。拒收请回复R"


LEAN = {"THREADS_PER_PROCESS": 1, "LOG_LEVEL": 0}


def main(people: int, database: dict[str, object], *, lean: bool) -> dict[str, float]:
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        POST_OFFICE={"BACKENDS": {"default": "django.core.mail.backends.dummy.EmailBackend"}, **(LEAN if lean else {})},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    )
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return _measure(people)


def _measure(people: int) -> dict[str, float]:
    from post_office import mail
    from post_office.models import EmailTemplate

    EmailTemplate.objects.get_or_create(name="card", subject="会员日", content=TEXT)
    began = time.perf_counter()
    for start in range(0, people, 1000):
        mail.send_many([_mail(n) for n in range(start, min(start + 1000, people))])
    queued = time.perf_counter()
    sent = 0
    while sent < people:
        done, failed, _ = mail.send_queued(processes=1)
        if failed or not done:
            raise RuntimeError(f"{failed} failed, {done} sent")
        sent += done
    return {"queue": queued - began, "send": time.perf_counter() - queued}


def _mail(n: int) -> dict[str, object]:
    context = {"name": "李女士", "city": "上海", "amount": str(n), "day": "2026-12-31"}
    return {
        "sender": "a@example.com",
        "recipients": [f"p{n}@example.com"],
        "template": "card",
        "context": context,
        "render_on_delivery": True,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), json.loads(sys.argv[2]), lean="lean" in sys.argv)) + "\n")
