"""Tasks on HyperQueue's local cluster; prints the seconds from their submission to their end."""

import sys
import time

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

count = int(sys.argv[1])
with LocalCluster() as cluster:
    cluster.start_worker(WorkerConfig(cores=2))
    client = cluster.client()
    started = time.perf_counter()
    job = Job()
    for task in range(count):
        job.program(["true"], name=str(task))
    client.wait_for_jobs([client.submit(job)])
    print(time.perf_counter() - started)
