"""Fills a Pitlane database whose server is stopped with years of samples and activity that are past their time.

Arguments: the database, how many samples, how many activity entries. Every sample is older than the day for which samples are kept, every entry older
than the 90 days for which activity is.
"""
import sqlite3
import sys
import time

path, samples, entries = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
NODES = 1_000
BUCKET = 300 * 10**9
DAY = 24 * 3_600 * 10**9
now = time.time_ns() // BUCKET * BUCKET

database = sqlite3.connect(path)
database.execute("PRAGMA synchronous = OFF")
with database:
    database.executemany(
        "INSERT INTO samples (node_id, at, beats, expected, cpu_percent, memory_percent, disk_percent, health, maintenance, signals)"
        " VALUES (?, ?, 60, 60, 12.5, 41.0, 58.0, 'healthy', 0, ?)",
        ((f"old-{row % NODES:05}", now - 2 * DAY - row // NODES * BUCKET, '{"Docker":"ok","Caddy":"ok"}') for row in range(samples)),
    )
with database:
    database.executemany(
        "INSERT INTO activity (at, kind, actor_kind, node_id, node_name, message) VALUES (?, 'health_changed', 'system', ?, ?, ?)",
        (
            (now - 100 * DAY - row * 10**9, f"old-{row % NODES:05}", f"old-{row % NODES:05}", "From healthy to degraded: the disk / is 91 % full.")
            for row in range(entries)
        ),
    )
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
database.close()
