"""The server that plays vendors: ledger, faults, pusher. Plain Python that imports nothing of ours."""
