"""Measures Celery: throughput with many jobs at once, and add -> start at a low rate. Prints one line of JSON.

usage: measure.py JOBS GENTLE_JOBS GENTLE_PAUSE ROUNDS   (BROKER_URL in the environment)
"""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

PRODUCER_THREADS = 8
# Processes of the worker: as many as a machine of two cores has, and twice as many. The faster one counts.
CONCURRENCIES = (2, 4)
WORKER = [
    sys.executable, "-m", "celery", "-A", "tasks", "worker", "-O", "fair",
    "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR",
]  # fmt: skip


def main():
    jobs, latency_jobs, pause, rounds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REPORT_TO"] = os.path.join(folder, "reports")
        reports = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        reports.bind(os.environ["REPORT_TO"])
        from tasks import noop

        results = [measured(noop, reports, processes, jobs, latency_jobs, pause, rounds) for processes in CONCURRENCIES]
    print(json.dumps(max(results, key=lambda result: result["rate"])))


def measured(noop, reports, processes, jobs, latency_jobs, pause, rounds):
    worker = subprocess.Popen([*WORKER, "--concurrency", str(processes)], stdout=sys.stderr)
    try:
        noop.delay(time.time())
        received(reports, 1)
        throughput(noop, reports, 500)
        starts = sorted(measure_latency(noop, reports, latency_jobs, pause))
        rates = [throughput(noop, reports, jobs) for _ in range(rounds)]
    finally:
        worker.terminate()
        worker.wait(30)
    print(f"celery, {processes} processes: {[round(rate) for rate in rates]} jobs/s", file=sys.stderr)
    result = {"rate": max(rates), "processes": processes}
    result.update({f"start_p{percent}": percentile(starts, percent) * 1000 for percent in (50, 95, 99)})
    return result


def received(reports, count):
    """(sent, started) of the next `count` tasks."""
    return [struct.unpack("dd", reports.recv(16)) for _ in range(count)]


def throughput(noop, reports, jobs):
    begin = time.time()

    def produce(count):
        for _ in range(count):
            noop.delay(time.time())

    with ThreadPoolExecutor(PRODUCER_THREADS) as threads:
        parts = [threads.submit(produce, len(range(n, jobs, PRODUCER_THREADS))) for n in range(PRODUCER_THREADS)]
        ends = [started for _, started in received(reports, jobs)]
        for part in parts:
            part.result()
    return jobs / (max(ends) - begin)


def measure_latency(noop, reports, jobs, pause):
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(received, reports, jobs)
        due = time.time()
        for _ in range(jobs):
            time.sleep(max(0.0, due - time.time()))
            due += pause
            noop.delay(time.time())
        return [started - sent for sent, started in reading.result()]


def percentile(times, percent):
    return times[round((len(times) - 1) * percent / 100)]


if __name__ == "__main__":
    main()
