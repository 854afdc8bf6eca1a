"""`manage.py vendors`: what is installed, and every operation of every document."""

from typing import Any

from django.core.management.base import BaseCommand

from messaging.gateway.registry import all_vendors


class Command(BaseCommand):
    help = "List the vendors with the operations of their documents and how each is reached."

    def handle(self, *args: Any, **options: Any) -> None:
        for code, vendor in all_vendors().items():
            self.stdout.write(f"{code}  {vendor.document}  ({len(vendor.operations)} operations)")
            for operation in vendor.operations:
                how = "pushed to us" if operation.inbound else operation.method
                self.stdout.write(f"  {operation.section:<10} {operation.key:<28} {operation.address:<52} {how}")
