"""What a script for a sweep looks like in Python: 4 threads, a queue, the Docker SDK."""

import queue
import sys
import threading
from pathlib import Path

import docker

image, count, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
client = docker.from_env()
jobs = queue.Queue()
for job in range(count):
    jobs.put(job)
done = []


def worker():
    while True:
        try:
            job = jobs.get_nowait()
        except queue.Empty:
            return
        container = client.containers.run(image, "true", detach=True, network_mode="none")
        status = container.wait()["StatusCode"]
        (folder / f"{job}.log").write_bytes(container.logs())
        container.remove()
        if status == 0:
            done.append(job)


folder.mkdir(parents=True)
threads = [threading.Thread(target=worker) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(0 if len(done) == count else 1)
