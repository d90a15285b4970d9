"""A small scripted ECS: a model, what each operation answers of it, and faults.

    with EcsServer(tls=certs / "ec") as ecs:
        ecs.service("web", desired=1)
        ecs.host("a"); ecs.host("b", status="DRAINING")
        ecs.fault("ListContainerInstances", "throttle")   # the next one only
        ...
        assert [r.operation for r in ecs.requests] == [...]
        assert (ecs.connections, ecs.handshakes) == (1, 1)

It speaks HTTP/1.1 and keeps connections; it counts them where they are
accepted.  Nothing is checked that ECS would check, but for the names.
"""
import json
import socket
import ssl
import threading
import time

ACCOUNT = "123456789012"
REGION = "eu-west-1"


def arn(kind, rest, region=REGION, account=ACCOUNT):
    return f"arn:aws:ecs:{region}:{account}:{kind}/{rest}"


class Request:
    def __init__(self, head, body, connection):
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.raw_body = body
        self.connection = connection
        self.target = self.headers.get("x-amz-target", "")
        self.operation = self.target.rpartition(".")[2]
        try:
            self.body = json.loads(body)
        except ValueError:
            self.body = None


class ServiceError(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class EcsServer:
    def __init__(self, tls=None, cluster="prod", region=REGION):
        self.region = region
        self.cluster = cluster
        self.cluster_arn = arn("cluster", cluster, region)
        self.services, self.hosts, self.filters = {}, [], {}
        self.page = 100
        self.requests, self.faults = [], []
        self.connections = self.handshakes = self.failed_handshakes = 0
        self.farewells = self.resumed = 0   # close_notify; sessions again
        self.lock = threading.Lock()
        self.context = None
        if tls is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.maximum_version = ssl.TLSVersion.TLSv1_2
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            self.context.load_cert_chain(f"{tls}-chain.pem", f"{tls}-key.pem")
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.open = set()
        self.stopped = False
        self.thread = threading.Thread(target=self.accept, daemon=True)

    # ---- the model ----

    def service(self, name, desired=1, **more):
        at = arn("service", f"{self.cluster}/{name}", self.region)
        self.services[name] = {
            "serviceArn": at, "serviceName": name,
            "clusterArn": self.cluster_arn, "status": "ACTIVE",
            "desiredCount": desired, "runningCount": desired,
            "pendingCount": 0, "launchType": "EC2",
            "schedulingStrategy": "REPLICA", "placementConstraints": [],
            "deploymentController": {"type": "ECS"}, "loadBalancers": [],
            "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY",
                             "rolloutState": "COMPLETED"}],
            "events": [{"id": "1", "createdAt": 1760000000.125,
                        "message": f"(service {name}) is steady."}],
            "createdAt": 1760000000.5, **more}
        return self.services[name]

    def host(self, name, status="ACTIVE", provider=None, **more):
        at = arn("container-instance", f"{self.cluster}/{name}", self.region)
        host = {"containerInstanceArn": at, "ec2InstanceId": f"i-{name}",
                "status": status, "agentConnected": True,
                "runningTasksCount": 1, "attributes": [], **more}
        if provider is not None:
            host["capacityProviderName"] = provider
        self.hosts.append(host)
        return at

    def writes(self):
        return [r.body for r in self.requests
                if r.operation == "UpdateService"]

    def operations(self):
        return [r.operation for r in self.requests]

    # ---- what each operation answers ----

    def check_cluster(self, body):
        if body.get("cluster") not in (self.cluster, self.cluster_arn):
            raise ServiceError("ClusterNotFoundException",
                               "Cluster not found.")

    def DescribeServices(self, body):
        self.check_cluster(body)
        found, failures = [], []
        for asked in body["services"]:
            name = asked.rpartition("/")[2]
            if name in self.services:
                found.append(self.services[name])
            else:
                failures.append({"arn": arn("service",
                                            f"{self.cluster}/{name}"),
                                 "reason": "MISSING"})
        return {"services": found, "failures": failures}

    def listed(self, body):
        hosts = [h for h in self.hosts
                 if body.get("status", h["status"]) == h["status"]]
        text = body.get("filter")
        if text is None:
            return hosts
        if text not in self.filters:
            raise ServiceError("InvalidParameterException",
                               f"Invalid filter: {text}")
        return [h for h in hosts if h["ec2InstanceId"][2:] in
                self.filters[text]]

    def ListContainerInstances(self, body):
        self.check_cluster(body)
        at = int(body.get("nextToken", "0"))
        arns = [h["containerInstanceArn"] for h in self.listed(body)]
        answer = {"containerInstanceArns": arns[at:at + self.page]}
        if at + self.page < len(arns):
            answer["nextToken"] = str(at + self.page)
        return answer

    def DescribeContainerInstances(self, body):
        self.check_cluster(body)
        known = {h["containerInstanceArn"]: h for h in self.hosts}
        asked = body["containerInstances"]
        return {"containerInstances": [known[a] for a in asked if a in known],
                "failures": [{"arn": a, "reason": "MISSING"}
                             for a in asked if a not in known]}

    def DescribeClusters(self, body):
        known = (self.cluster, self.cluster_arn)
        return {"clusters": [
                    {"clusterArn": self.cluster_arn,
                     "clusterName": self.cluster, "status": "ACTIVE",
                     "registeredContainerInstancesCount": len(self.hosts)}
                    for c in body["clusters"] if c in known],
                "failures": [{"arn": arn("cluster", c), "reason": "MISSING"}
                             for c in body["clusters"] if c not in known]}

    def ListClusters(self, body):
        return {"clusterArns": [self.cluster_arn]}

    def UpdateService(self, body):
        self.check_cluster(body)
        name = body["service"].rpartition("/")[2]
        if name not in self.services:
            raise ServiceError("ServiceNotFoundException",
                               "Service not found.")
        self.services[name]["desiredCount"] = body["desiredCount"]
        return {"service": self.services[name]}

    # ---- faults ----

    def fault(self, operation, what, nth=1, times=1):
        """The nth request from now for `operation` (None: any) and the
        times-1 after it are answered by `what`: a name below, bytes to send
        (the connection is closed then), or a function of the body."""
        self.faults.append({"operation": operation, "what": what,
                            "after": nth - 1, "times": times})

    def take_fault(self, operation):
        for fault in self.faults:
            if fault["operation"] not in (None, operation):
                continue
            if fault["after"] > 0:
                fault["after"] -= 1
                continue
            if fault["times"] > 0:
                fault["times"] -= 1
                return fault["what"]
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

    # ---- HTTP ----

    def http(self, status, body, kind="application/x-amz-json-1.1"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        return (f"HTTP/1.1 {status} Any\r\nContent-Type: {kind}\r\n"
                f"x-amzn-RequestId: 5a1f7c2e-0b7d-4f59-9d3a-{status:012d}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    def good(self, request):
        answer = getattr(self, request.operation, None)
        if answer is None or request.body is None:
            return self.http(400, {"__type": "UnknownOperationException"})
        try:
            return self.http(200, answer(request.body))
        except ServiceError as e:
            return self.http(e.status, {"__type": e.code,
                                        "message": e.message})

    def read_request(self, stream, connection):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = stream.read(1)
            if not byte:
                return None
            head += byte
        request = Request(head[:-4], b"", connection)
        n = int(request.headers.get("content-length", "0"))
        return Request(head[:-4], stream.read(n), connection)

    @staticmethod
    def drip(peer, answer):
        """A byte every hundredth of a second: never late, never done."""
        for i in range(len(answer)):
            peer.sendall(answer[i:i + 1])
            time.sleep(0.01)

    def all_closed(self, within=5):
        """The connections are over, and what they told is counted."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with self.lock:
                if not self.open:
                    return True
            time.sleep(0.005)
        return False

    def serve(self, plain, number):
        try:
            peer = plain
            if self.context is not None:
                peer = self.context.wrap_socket(plain, server_side=True,
                                                suppress_ragged_eofs=False)
                with self.lock:
                    self.handshakes += 1
                    self.resumed += bool(peer.session_reused)
            stream = peer.makefile("rb")
            while (request := self.read_request(stream, number)) is not None:
                with self.lock:
                    self.requests.append(request)
                    what = self.take_fault(request.operation)
                    answer, keep = ((self.good(request), True)
                                    if what in (None, "silent", "drip")
                                    else self.faulty(what, request))
                if what == "silent":
                    continue
                if what == "drip":
                    self.drip(peer, answer)
                elif answer:
                    peer.sendall(answer)
                if not keep:
                    break
            else:
                with self.lock:
                    self.farewells += self.context is not None
            if self.context is not None:
                peer.unwrap()
        except ssl.SSLError:
            with self.lock:
                self.failed_handshakes += 1
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(plain)
            try:
                plain.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            plain.close()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            if self.stopped:
                peer.close()
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                self.open.add(peer)
                number = self.connections
            threading.Thread(target=self.serve, args=(peer, number),
                             daemon=True).start()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        try:                             # accept() does not see a close
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            pass
        self.thread.join(5)
        self.listener.close()
        with self.lock:
            for peer in list(self.open):
                try:
                    peer.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


