"""Tags of a service, and CloudTrail's record of the writes to one.

    model.TagResource({"resourceArn": ..., "tags": [{"key": "a", ...}]})
    model.trail("UpdateService", by="deploy", at=time.time() - 60,
                cluster="prod", service="web", desiredCount=3)
    model.LookupEvents({"LookupAttributes": [...]})

Each write that the server takes is recorded by itself, by the user "headcount".

Used by: peers/ecs_model.py.
Instead of moto: moto tags services of the old short ARN, which AWS refuses,
and has no LookupEvents.
"""
import datetime
import json
import time
import uuid

from ecs_cluster import ACCOUNT, ServiceError, arn, invalid

SOURCE = "ecs.amazonaws.com"


class Tags:
    """The operations on tags, of services alone."""

    def tagged(self, asked, gone="ResourceNotFoundException"):
        """The service of an ARN.  AWS tags none by its old short form."""
        rest = asked.partition(arn("service", "", self.region))
        if rest[0] or not rest[1] or not rest[2]:
            raise invalid("Invalid identifier: Unable to parse ARN.")
        name, long, service = rest[2].partition("/")
        if not long:
            raise invalid("Long arn format must be used for tagging "
                          "operations")
        cluster = self.known(name)
        if cluster is None:
            raise ServiceError("ClusterNotFoundException",
                               "Cluster not found.")
        found = cluster.services.get(service)
        if found is None:
            raise ServiceError(gone, "The specified service was not found.")
        if found.get("status") == "INACTIVE":
            raise invalid("The specified resource is inactive.")
        return found

    def TagResource(self, body):
        service = self.tagged(body["resourceArn"])
        tags = {t["key"]: t.get("value", "")
                for t in service.get("tags") or ()}
        for tag in body["tags"]:
            if tag.get("key", "")[:4].lower() in ("", "aws:"):
                raise invalid("Tag keys must not be empty and must not begin "
                              "with aws:")
            tags[tag["key"]] = tag.get("value", "")
        if len(tags) > 50:
            raise invalid("A resource can have at most 50 tags.")
        service.write(tags=[{"key": k, "value": v} for k, v in tags.items()])
        return {}

    def UntagResource(self, body):
        service = self.tagged(body["resourceArn"])
        service.write(tags=[t for t in service.get("tags") or ()
                            if t["key"] not in body["tagKeys"]])
        return {}

    def ListTagsForResource(self, body):
        service = self.tagged(body["resourceArn"],
                              gone="InvalidParameterException")
        return {"tags": list(service.get("tags") or ())}


class Trail:
    """CloudTrail's LookupEvents over `self.events`, oldest first there."""

    def trail(self, name, by="headcount", at=None, resources=(), **asked):
        """Records one call, as CloudTrail tells of it."""
        at = time.time() if at is None else at
        moment = datetime.datetime.fromtimestamp(int(at),
                                                 datetime.timezone.utc)
        event = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{len(self.events)}"))
        told = {
            "eventVersion": "1.09", "eventTime": f"{moment:%FT%TZ}",
            "userIdentity": {
                "type": "AssumedRole", "principalId": f"AROAEXAMPLE:{by}",
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/{by}",
                "accountId": ACCOUNT, "accessKeyId": "ASIAEXAMPLE"},
            "eventSource": SOURCE, "eventName": name,
            "awsRegion": self.region, "sourceIPAddress": "192.0.2.7",
            "userAgent": "aws-cli/2.27.0", "requestParameters": asked,
            "responseElements": None, "eventID": event, "readOnly": False,
            "eventType": "AwsApiCall", "recipientAccountId": ACCOUNT}
        self.events.append({
            "EventId": event, "EventName": name, "ReadOnly": "false",
            "AccessKeyId": "ASIAEXAMPLE", "EventTime": float(int(at)),
            "EventSource": SOURCE, "Username": by,
            "Resources": [{"ResourceType": k, "ResourceName": n}
                          for k, n in resources],
            "CloudTrailEvent": json.dumps(told)})
        return self.events[-1]

    def LookupEvents(self, body):
        wanted = body.get("LookupAttributes") or []
        if len(wanted) > 1:
            raise ServiceError("InvalidLookupAttributesException",
                               "You can specify only one attribute.")
        since = body.get("StartTime", 0)
        until = body.get("EndTime", time.time() + 1)
        if since > until:
            raise ServiceError("InvalidTimeRangeException", "The start time "
                               "is after the end time.")

        def has(event):
            return all(
                a["AttributeValue"] in [r[a["AttributeKey"]]
                                        for r in event["Resources"]]
                if a["AttributeKey"].startswith("Resource")
                else event[a["AttributeKey"]] == a["AttributeValue"]
                for a in wanted) and since <= event["EventTime"] <= until

        found = sorted(filter(has, self.events), reverse=True,
                       key=lambda e: e["EventTime"])
        try:
            page, more = self.pages.cut(body, found,
                                        body.get("MaxResults") or 50,
                                        ("events", "NextToken"))
        except ServiceError as e:
            raise ServiceError("InvalidNextTokenException",
                               "Invalid NextToken.") from e
        return {"Events": page, **more}
