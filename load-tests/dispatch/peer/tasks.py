"""The peer's side of the dispatch bench: a Celery app set for durability, with one task that does nothing."""

import os
import socket
import struct
import time

from celery import Celery

app = Celery("bench", broker=os.environ["BROKER_URL"])
app.conf.update(
    broker_transport_options={"confirm_publish": True},
    broker_pool_limit=16,
    broker_connection_retry_on_startup=True,
    task_default_delivery_mode="persistent",
    task_acks_late=True,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_send_sent_event=False,
    worker_send_task_events=False,
    worker_prefetch_multiplier=64,
)

_report = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)


@app.task
def noop(sent):
    # Tells the bench when it started: a datagram costs a few microseconds.
    _report.sendto(struct.pack("dd", sent, time.time()), os.environ["REPORT_TO"])
