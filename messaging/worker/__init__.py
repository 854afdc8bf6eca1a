"""What workers run and when: tasks, the tick, sweeping, supervision."""
