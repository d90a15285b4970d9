"""ECS's token buckets, as published: each account and region has them once.

    burst tokens at the start, `refill` more a second, one a call.

Source: ECS API Reference, "Request throttling for the Amazon ECS API".

Used by: peers/ecs_server.py, system/test_sweep.py, system/test_peer.py and
bench/parts/sweep.py.
Instead of moto: moto never throttles.
"""
import time

BUCKETS = {                              # burst, refill a second
    ("DescribeClusters", "ListClusters"): (50, 20),
    ("ListContainerInstances", "DescribeContainerInstances", "ListTasks",
     "DescribeTasks", "ListAttributes"): (100, 20),
    ("DescribeServices", "ListServices"): (100, 20),
    ("UpdateService", "CreateService", "DeleteService"): (50, 5),
    ("PutAttributes", "StartTask", "StopTask", "RunTask",
     "UpdateContainerInstancesState"): (100, 40),
    ("DescribeTaskDefinition",): (50, 20),
    ("ListTagsForResource",): (50, 20),
    ("TagResource", "UntagResource"): (20, 10),
    ("GetTaskProtection", "UpdateTaskProtection"): (200, 80),
    ("DescribeServiceDeployments",): (50, 20),
    ("DescribeCapacityProviders",): (50, 20),
    ("LookupEvents",): (2, 2),           # CloudTrail's
}


class Bucket:
    def __init__(self, burst, refill, now):
        self.burst, self.refill = burst, refill
        self.tokens, self.since = float(burst), now

    def take(self, now):
        self.tokens = min(self.burst, self.tokens
                          + (now - self.since) * self.refill)
        self.since = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Throttle:
    """take() is whether a call may pass; what has no bucket always may."""

    def __init__(self, clock=time.monotonic):
        self.clock, self.buckets = clock, {}
        for operations, (burst, refill) in BUCKETS.items():
            bucket = Bucket(burst, refill, clock())
            self.buckets.update(dict.fromkeys(operations, bucket))

    def take(self, operation):
        bucket = self.buckets.get(operation)
        return bucket is None or bucket.take(self.clock())
