"""The judge: is a request one that AWS takes, is an answer one it gives?

Shapes are botocore's own model of ECS and the services beside it; signatures
are recomputed by botocore's own signer.  Stricter than AWS in one thing: a
member that no shape has is refused, where AWS passes over it.

Used by: peers/ecs_server.py, peers/creds_server.py, system/ and
bench/.
Instead of moto: moto takes requests that AWS refuses, and checks no
signature.
"""
import base64
import datetime
import functools
import hashlib
import math
import re
import time

import botocore.auth
import botocore.awsrequest
import botocore.compat
import botocore.credentials
import botocore.loaders
import botocore.model
from ecs_cluster import REGION, ServiceError

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEXAMPLETOKENthatmustnotshow"
SKEW = datetime.timedelta(minutes=5)
TARGETS = {"AmazonEC2ContainerServiceV20141113": "ecs",
           "AnyScaleFrontendService": "application-autoscaling",
           "ResourceGroupsTaggingAPI_20170126": "resourcegroupstaggingapi",
           "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101":
           "cloudtrail"}
# Whose names in a signature are others than their models'.
SCOPES = {"resourcegroupstaggingapi": "tagging"}
# What every service may answer, and no model lists.
COMMON = {"ThrottlingException", "SerializationException",
          "UnknownOperationException", "InvalidSignatureException",
          "IncompleteSignatureException", "ExpiredTokenException",
          "MissingAuthenticationTokenException",
          "UnrecognizedClientException"}
SCALARS = {"string": str, "boolean": bool, "integer": int, "long": int,
           "float": (int, float), "double": (int, float),
           "timestamp": (int, float), "blob": str}


@functools.lru_cache(maxsize=None)
def model_of(service):
    return botocore.model.ServiceModel(
        botocore.loaders.Loader().load_service_model(service, "service-2"),
        service)


# ---- shapes ----

def walk(value, shape, path=""):
    """(where, kind, what) of all that does not fit: unknown, missing, type,
    enum or range."""
    if shape.type_name == "structure":
        yield from walk_structure(value, shape, path)
    elif shape.type_name == "list":
        if not isinstance(value, list):
            yield path, "type", f"a list, not {value!r}"
            return
        for i, item in enumerate(value):
            yield from walk(item, shape.member, f"{path}[{i}]")
        yield from in_range(len(value), shape, path)
    elif shape.type_name == "map":
        if not isinstance(value, dict):
            yield path, "type", f"a map, not {value!r}"
            return
        for key, item in value.items():
            yield from walk(key, shape.key, f"{path}.{key}")
            yield from walk(item, shape.value, f"{path}.{key}")
    else:
        yield from walk_scalar(value, shape, path)


def walk_structure(value, shape, path):
    if not isinstance(value, dict):
        yield path, "type", f"a structure, not {value!r}"
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{path}.{name}", "missing", "is required"
    scripted = getattr(value, "scripted", set)()
    for name, item in value.items():
        place = f"{path}.{name}"
        if name not in shape.members:
            yield place, "unknown", f"{shape.name} has no such member"
        elif name in scripted:           # a test may set any type, no typo
            if item is not None:
                yield from (p for p in walk(item, shape.members[name], place)
                            if p[1] == "unknown")
        else:
            yield from walk(item, shape.members[name], place)


def walk_scalar(value, shape, path):
    wanted = SCALARS[shape.type_name]
    if not isinstance(value, wanted) or (isinstance(value, bool)
                                         and wanted is not bool):
        yield path, "type", f"{shape.type_name}, not {value!r}"
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield path, "enum", f"{value!r} is none of {shape.enum}"
        yield from in_range(len(value), shape, path)
    elif shape.type_name == "blob":
        try:
            base64.b64decode(value, validate=True)
        except ValueError:
            yield path, "type", f"base64, not {value!r}"
    elif shape.type_name != "boolean":
        yield from in_range(value, shape, path)


def in_range(size, shape, path):
    low = shape.metadata.get("min", -math.inf)
    high = shape.metadata.get("max", math.inf)
    if shape.type_name == "integer":
        low, high = max(low, -2 ** 31), min(high, 2 ** 31 - 1)
    if not low <= size <= high:
        yield path, "range", f"{size} is not from {low} to {high}"


def no_nulls(value):
    """AWS reads a null member as one that is not there."""
    return ({k: v for k, v in value.items() if v is not None}
            if isinstance(value, dict) else value)


# ---- signatures ----

class Signer(botocore.auth.SigV4Auth):
    """botocore's, over just the headers that the client says it signed."""

    def headers_to_sign(self, request):
        headers = botocore.compat.HTTPHeaders()
        for name, value in request.headers.items():
            headers[name.lower()] = value
        return headers


def recomputed(request, scope, secret):
    """The signature that botocore makes of `request`."""
    method, path, _ = request.line.split(" ", 2)
    aws = botocore.awsrequest.AWSRequest(
        method, f"http://signed.invalid{path}", data=request.raw_body)
    for name in scope["names"]:
        aws.headers[name] = request.headers[name]
    aws.context["timestamp"] = request.headers["x-amz-date"]
    signer = Signer(botocore.credentials.Credentials(scope["key"], secret),
                    scope["service"], scope["region"])
    text = signer.string_to_sign(aws, signer.canonical_request(aws))
    return signer.signature(text, aws)


AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<day>\d{8})/"
    r"(?P<region>[^/,]+)/(?P<service>[^/,]+)/aws4_request, ?"
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<signature>\S+)")


def bad_signature(message):
    return ServiceError("InvalidSignatureException", message)


def scope_of(request):
    """What the Authorization header says, in parts."""
    found = AUTHORIZATION.fullmatch(request.headers["authorization"])
    if not found:
        raise ServiceError("IncompleteSignatureException",
                           "Authorization header requires 'Credential', "
                           "'SignedHeaders' and 'Signature' parameters.")
    scope = found.groupdict()
    scope["names"] = scope["names"].split(";")
    if scope["names"] != sorted(set(scope["names"])):
        raise bad_signature("SignedHeaders are not sorted.")
    for name in request.headers:
        if (name == "host" or name.startswith("x-amz-")) \
                and name not in scope["names"]:
            raise bad_signature(f"'{name}' must be a 'SignedHeader' in the "
                                "AWS Authorization.")
    if not set(scope["names"]) <= set(request.headers):
        raise bad_signature("A signed header is not there.")
    return scope


def in_time(text, day, now):
    """AWS turns away what is more than five minutes off its clock."""
    form = "%Y%m%dT%H%M%SZ"
    try:
        signed = datetime.datetime.strptime(text, form)
    except ValueError as e:
        raise ServiceError("IncompleteSignatureException",
                           f"Date must be in ISO-8601 'basic format'. Got "
                           f"'{text}'.") from e
    if day != text[:8]:
        raise bad_signature("Date in Credential scope does not match YYYYMMDD "
                            f"from ISO-8601 version of date from HTTP: "
                            f"'{day}' != '{text[:8]}', from '{text}'.")
    now = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).replace(
        tzinfo=None)
    if signed < now - SKEW:
        raise bad_signature(f"Signature expired: {text} is now earlier than "
                            f"{now - SKEW:{form}} ({now:{form}} - 5 min.)")
    if signed > now + SKEW:
        raise bad_signature(f"Signature not yet current: {text} is still "
                            f"later than {now + SKEW:{form}} ({now:{form}} + "
                            "5 min.)")


class Judge:
    """`keys` is {access key: (secret, tokens that go with it)}.

    Two leniencies, each for a test that is about something else: an unsigned
    request passes while `unsigned` is set, a signature for another region
    while `regions` is.  What is signed is verified, always.
    """

    def __init__(self, region=REGION, clock=time.time):
        self.region, self.clock = region, clock
        self.keys = {"AKIDEXAMPLE": (SECRET, {None, TOKEN}),
                     "a": ("b", {None})}
        self.expired = set()             # tokens
        self.unsigned = self.regions = True

    def signature(self, request):
        """Refuses as AWS's JSON services do."""
        headers = request.headers
        if "authorization" not in headers or "x-amz-date" not in headers:
            raise ServiceError("MissingAuthenticationTokenException",
                               "Missing Authentication Token")
        scope = scope_of(request)
        token = headers.get("x-amz-security-token")
        secret, tokens = self.keys.get(scope["key"], (None, ()))
        if token in self.expired:
            raise ServiceError("ExpiredTokenException", "The security token "
                               "included in the request is expired")
        if token not in tokens:
            raise ServiceError("UnrecognizedClientException", "The security "
                               "token included in the request is invalid.")
        in_time(headers["x-amz-date"], scope["day"], self.clock())
        if scope["region"] != self.region and not self.regions:
            raise bad_signature("Credential should be scoped to a valid "
                                f"region, not '{scope['region']}'.")
        wanted = TARGETS.get(request.target.rpartition(".")[0])
        wanted = SCOPES.get(wanted, wanted)
        if wanted and scope["service"] != wanted:
            raise bad_signature("Credential should be scoped to correct "
                                f"service: '{wanted}'.")
        digest = hashlib.sha256(request.raw_body).hexdigest()
        if headers.get("x-amz-content-sha256", digest) != digest \
                or recomputed(request, scope, secret) != scope["signature"]:
            raise bad_signature(
                "The request signature we calculated does not match the "
                "signature you provided. Check your AWS Secret Access Key and "
                "signing method. Consult the service documentation for "
                "details.")

    def request(self, request):
        """The operation's model, or a refusal."""
        signed = "authorization" in request.headers or not self.unsigned
        if signed:
            self.signature(request)
        service = TARGETS.get(request.target.rpartition(".")[0])
        if service is None and not signed:
            service = "ecs"
        if service is None or \
                request.operation not in model_of(service).operation_names or \
                signed and request.headers.get("content-type") != \
                "application/x-amz-json-1.1" or \
                request.line.split(" ")[:2] != ["POST", "/"]:
            raise ServiceError("UnknownOperationException", "")
        operation = model_of(service).operation_model(request.operation)
        self.input(operation, request.body)
        return operation

    def input(self, operation, body):
        for path, kind, what in walk(no_nulls(body), operation.input_shape):
            name = path.lstrip(".")
            if kind in ("unknown", "type"):
                raise ServiceError("SerializationException", f"{name}: {what}")
            if operation.service_model.service_name != "ecs":
                raise ServiceError(
                    "ValidationException", "1 validation error detected: "
                    f"Value at '{name}' failed to satisfy constraint: {what}")
            if kind == "missing":
                words = re.sub("([A-Z])", r" \1", name).capitalize()
                what = f"{words} cannot be empty."
            else:
                what = f"{name}: {what}"
            raise ServiceError("InvalidParameterException", what)

    @staticmethod
    def answer(operation, answer):
        """What is wrong with an answer of ours; [] is the verdict sought."""
        return [f"{operation.name}{path}: {kind}, {what}" for path, kind, what
                in walk(answer, operation.output_shape)]

    @staticmethod
    def refusal(operation, error):
        """The same of an error: its code must be one of that operation's."""
        codes = {shape.error_code for shape in operation.error_shapes}
        return [] if error.code in codes | COMMON else \
            [f"{operation.name} has no error {error.code}"]
