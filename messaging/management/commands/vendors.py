"""`manage.py vendors`: what is installed, and every operation of every document."""

from typing import Any

from django.core.management.base import BaseCommand

from messaging.gateway.registry import all_vendors


class Command(BaseCommand):
    help = "List the vendors with the operations of their documents and how each is reached."

    def handle(self, *args: Any, **options: Any) -> None:
        for code, vendor in all_vendors().items():
            offered = sum(operation.offered for operation in vendor.operations)
            self.stdout.write(f"{code}  {vendor.document}  ({offered} of {len(vendor.operations)} operations offered)")
            for operation in vendor.operations:
                how = "pushed to us" if operation.inbound else operation.method
                state = how if operation.offered else f"not offered: {operation.why}"
                self.stdout.write(f"  {operation.section:<10} {operation.key:<28} {operation.address:<52} {state}")
