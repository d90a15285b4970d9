"""An ECS that is held to AWS's own model, and faults on top of it.

    with EcsServer(tls=certs / "ec") as ecs:
        ecs.service("web", desired=1)
        ecs.host("a"); ecs.host("b", status="DRAINING")
        ecs.fault("ListContainerInstances", "throttle")   # the next one only
        ecs.delay("UpdateService", 0.5)
        ecs.stale("DescribeServices", ago=2)
        ...
        assert [r.operation for r in ecs.requests] == [...]
        assert (ecs.connections, ecs.handshakes) == (1, 1)
        assert ecs.complaints == []

ecs_model answers, ecs_scheduler places tasks where a test wants that,
ecs_check judges: a request that AWS would not take is
refused as AWS refuses it and noted in `refusals`; an answer of the model that
AWS would not give is noted in `complaints`, and a test that leaves one there
fails.  What a test scripts (a fault's bytes, a member that it set) may be as
wrong as it likes, but for names that AWS does not know.

Used by: system/, pages/ and bench/.
Instead of moto: moto has no faults, delays, stale answers or counts of
connections, and its answers differ from AWS's model.
"""
import ecs_check
import ecs_model
import ecs_scheduler
from ecs_cluster import ACCOUNT, REGION, Resource, ServiceError, arn
from ecs_throttle import Throttle
from ecs_wire import Request, Wire

__all__ = ["ACCOUNT", "REGION", "EcsServer", "Request", "Resource",
           "ServiceError", "Throttle", "arn"]


WRITES = {"UpdateService", "TagResource", "UntagResource"}


class EcsServer(Wire):
    def __init__(self, tls=None, cluster="prod", region=REGION):
        super().__init__(tls)
        self.region, self.cluster = region, cluster
        self.model = ecs_model.Model(region)
        self.home = self.model.cluster(cluster)
        self.cluster_arn = self.home.arn
        self.services, self.hosts = self.home.services, self.home.hosts
        self.filters = self.model.filters    # {text: names}, beats the query
        self.judge = ecs_check.Judge(region)
        self.throttle = None                 # or a Throttle(clock)
        self.requests, self.complaints, self.refusals = [], [], []
        self.faults, self.delays, self.reads, self.changes = [], [], [], []
        self.lag = 0
        self.past, self.written = [], []

    def __exit__(self, failure, *rest):
        super().__exit__(failure, *rest)
        if failure is None and self.complaints:
            raise AssertionError("\n".join(self.complaints))

    # ---- the model ----

    def service(self, name, desired=1, **more):
        return self.home.service(name, desired, **more)

    def host(self, name, status="ACTIVE", provider=None, **more):
        return self.home.host(name, status, provider, **more)

    def schedule(self):
        """From now on tasks are placed, a minute at each step()."""
        self.home.tasks = []
        self.home.scheduler = ecs_scheduler.Scheduler(self.model, self.home)
        return self.home.scheduler

    def step(self, minutes=1):
        with self.lock:
            self.home.scheduler.step(minutes)

    def settle(self):
        with self.lock:
            self.home.scheduler.settle()

    @property
    def page(self):
        return self.model.page

    @page.setter
    def page(self, size):
        self.model.page = size

    def writes(self):
        return [r.body for r in self.requests
                if r.operation == "UpdateService"]

    def operations(self):
        return [r.operation for r in self.requests]

    # ---- time ----

    def delay(self, operation, seconds, nth=1, times=1):
        """Like fault(): the answer comes, but late."""
        self.rule(self.delays, operation, seconds, nth, times)

    def stale(self, operation, ago, nth=1, times=1):
        """Like fault(): answered of the model as it was `ago` requests before
        this one; of the oldest known where there were not as many.  What is
        before the first stale() is not remembered."""
        self.rule(self.reads, operation, ago, nth, times)

    def after(self, requests, change):
        """`change(model)` happens just before the answer to the request that
        has `requests` others before it, counted from now: a write of somebody
        else, a host that registers late, tasks that start."""
        self.changes.append((len(self.requests) + requests, change))

    def remember(self):
        """Keeps the past, if anybody will ask for it."""
        if self.reads or self.lag:
            self.past.append(self.model.snapshot())

    def seen(self, operation):
        """The model that this request reads.  `lag` is how many requests
        after a write are still answered of what was before it."""
        if operation in WRITES:
            self.written.append(len(self.past) - 1)
            return self.model
        ago = self.take(self.reads, operation) or 0
        now = len(self.past) - 1
        ago = max([ago, *(now - w for w in self.written
                          if 0 < now - w <= self.lag)])
        return self.past[max(0, now - ago)] if ago and self.past \
            else self.model

    # ---- faults ----

    @staticmethod
    def rule(rules, operation, what, nth, times):
        rules.append({"operation": operation, "what": what,
                      "after": nth - 1, "times": times})

    def fault(self, operation, what, nth=1, times=1):
        """The nth request from now for `operation` (None: any) and the
        times-1 after it are answered by `what`: a name below, bytes to send
        (the connection is closed then), a function of the body, or a list
        whose one item is a function of the request and gives the bytes."""
        self.rule(self.faults, operation, what, nth, times)

    @staticmethod
    def take(rules, operation):
        for rule in rules:
            if rule["operation"] not in (None, operation):
                continue
            if rule["after"] > 0:
                rule["after"] -= 1
                continue
            if rule["times"] > 0:
                rule["times"] -= 1
                return rule["what"]
        return None

    def faulty(self, what, request):
        """(bytes, keep the connection?)"""
        if what == "throttle":
            return self.http(400, {"__type": "ThrottlingException",
                                   "message": "Rate exceeded"}), True
        if what == "500":
            return self.http(500, {"__type": "ServerException",
                                   "message": "Service Unavailable."}), True
        if what == "503":
            return self.http(503, b"<html><body>503 Busy</body></html>",
                             "text/html"), True
        if what == "denied":
            return self.http(400, {"__type": "AccessDeniedException",
                                   "Message": "not authorized to perform: "
                                   f"ecs:{request.operation}"}), True
        if what == "html":
            return self.http(200, b"<!DOCTYPE html><p>Sign in to the hotel's "
                             b"network</p>", "text/html"), True
        if what == "empty":
            return (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), True
        if what == "close":
            self.good(request)           # it is done, and nobody is told
            return b"", False
        if isinstance(what, bytes):
            return what, False
        if isinstance(what, list):
            return what[0](request), True
        if callable(what):
            return self.http(200, what(request.body)), True
        if what == "xml":
            return self.http(200, b'<?xml version="1.0"?><Error><Code>'
                             b"AccessDenied</Code></Error>",
                             "application/xml"), True
        good = self.good(request)
        if what == "half":
            return good[:-len(good) // 4], False
        if what == "chunked":
            head, _, body = good.partition(b"\r\n\r\n")
            lines = [h for h in head.split(b"\r\n")
                     if not h.lower().startswith(b"content-length")]
            pieces = [body[i:i + 7] for i in range(0, len(body), 7)]
            return (b"\r\n".join([*lines, b"Transfer-Encoding: chunked"])
                    + b"\r\n\r\n"
                    + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces)
                    + b"0\r\n\r\n"), True
        if what == "to-close":
            head, _, body = good.partition(b"\r\n\r\n")
            lines = [h for h in head.split(b"\r\n")
                     if not h.lower().startswith(b"content-length")]
            return b"\r\n".join(lines) + b"\r\n\r\n" + body, False
        raise ValueError(what)

    # ---- answers ----

    def __getattr__(self, name):
        """An operation, as a fault that is a function may call it."""
        if name[:1].isupper():
            return getattr(self.model, name)
        raise AttributeError(name)

    def judged(self, request):
        """The operation's model, or the refusal: of every request, whatever
        answer is scripted for it."""
        try:
            return self.judge.request(request)
        except ServiceError as e:
            self.refusals.append((request.operation, e.code, e.message))
            return e

    def answer(self, request):
        self.requests.append(request)
        request.verdict = self.judged(request)
        due = [c for n, c in self.changes if n < len(self.requests)]
        self.changes = [c for c in self.changes
                        if c[0] >= len(self.requests)]
        for change in due:
            change(self.model)
        self.remember()
        what = self.take(self.faults, request.operation)
        delay = self.take(self.delays, request.operation)
        if what in (None, "silent", "drip"):
            return self.good(request), True, what, delay
        return *self.faulty(what, request), None, delay

    def good(self, request):
        operation = request.verdict
        try:
            if isinstance(operation, ServiceError):
                raise operation
            return self.http(200, self.result(operation, request))
        except ServiceError as e:
            if e is not operation:
                self.refusals.append((request.operation, e.code, e.message))
                self.complaints += self.judge.refusal(operation, e)
            return self.http(e.status, {"__type": e.code,
                                        "message": e.message})
        except Exception as e:               # a mistake of this peer
            self.complaints.append(f"{request.operation}: {e!r}")
            return self.http(500, {"__type": "ServerException",
                                   "message": "The peer broke."})

    def result(self, operation, request):
        if self.throttle and not self.throttle.take(request.operation):
            raise ServiceError("ThrottlingException", "Rate exceeded")
        model = self.seen(request.operation)
        if not hasattr(model, request.operation):
            raise ServiceError("UnknownOperationException", "")
        answer = getattr(model, request.operation)(
            ecs_check.no_nulls(request.body))
        self.complaints += self.judge.answer(operation, answer)
        if request.operation in WRITES:
            self.model.trail(request.operation, **request.body)
        return answer
