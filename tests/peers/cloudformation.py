"""What CloudFormation makes of a template, as far as ours go: parameters,
conditions and intrinsic functions are resolved, nothing is left of them.

    resources = resources_of(template, {"ClusterArns": "arn:...,arn:..."})
    resources["Queue"]["Properties"]["VisibilityTimeout"]

Used by: peers/deployment.py, system/test_permissions.py and
system/test_templates.py.
Instead of moto: moto's CloudFormation creates resources and does not show
what a template comes to.
"""
import re

ACCOUNT, REGION = "123456789012", "eu-west-1"
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION,
          "AWS::AccountId": ACCOUNT, "AWS::StackName": "stack",
          "AWS::URLSuffix": "amazonaws.com"}
GONE = object()                          # AWS::NoValue


def at(service, rest):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


# (Ref, attributes) of a resource, by its type: AWS's own forms.
def physical(kind, name, properties):
    named = {
        "AWS::SQS::Queue": (f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/"
                            f"{name}", at("sqs", name)),
        "AWS::Events::Rule": (name, at("events", f"rule/{name}")),
        "AWS::Lambda::Function": (name, at("lambda", f"function:{name}")),
        "AWS::Logs::LogGroup": (
            properties.get("LogGroupName"), at(
                "logs", f"log-group:{properties.get('LogGroupName')}:*")),
        "AWS::IAM::Role": (name, f"arn:aws:iam::{ACCOUNT}:role/{name}"),
        "AWS::ECS::TaskDefinition": (at("ecs", f"task-definition/{name}:1"),
                                     None),
    }
    ref, its_arn = named[kind]
    return ref, {"Arn": its_arn, "QueueName": name}


class Stack:
    def __init__(self, template, parameters):
        self.template = template
        self.parameters = {}
        for name, declared in template["Parameters"].items():
            value = parameters.get(name, declared.get("Default"))
            assert value is not None, f"{name} has no value"
            if declared["Type"].startswith(("List<", "CommaDelimited")):
                value = [v.strip() for v in value.split(",")]
            for one in value if isinstance(value, list) else [value]:
                assert re.fullmatch(declared.get("AllowedPattern", ".*"),
                                    str(one)), f"{name}: {one}"
                assert one in declared.get("AllowedValues", [one]), \
                    f"{name}: {one}"
            self.parameters[name] = value
        assert set(parameters) <= set(self.parameters)

    def physical(self, name):
        resource = self.template["Resources"][name]
        return physical(resource["Type"], name, self.value({
            k: v for k, v in resource["Properties"].items()
            if k == "LogGroupName"}))

    def ref(self, name):
        if name == "AWS::NoValue":
            return GONE
        for known in (PSEUDO, self.parameters):
            if name in known:
                return known[name]
        return self.physical(name)[0]

    def get_att(self, what):
        name, attribute = what if isinstance(what, list) else what.split(".")
        value = self.physical(name)[1][attribute]
        assert value is not None, what
        return value

    def sub(self, what):
        text, more = (what, {}) if isinstance(what, str) else what
        more = self.value(more)
        assert all(isinstance(v, str) for v in more.values())

        def one(match):
            name = match[1]
            if name in more:
                return more[name]
            return str(self.get_att(name) if "." in name else self.ref(name))
        return re.sub(r"\$\{([\w:.]+)\}", one, text)

    def condition(self, value):
        if isinstance(value, str):
            return self.condition(self.template["Conditions"][value])
        ((name, what),) = value.items()
        if name == "Fn::Not":
            return not self.condition(what[0])
        assert name == "Fn::Equals", name
        left, right = self.value(what)
        return left == right

    def function(self, name, what):
        if name == "Ref":
            return self.ref(what)
        if name == "Fn::GetAtt":
            return self.get_att(what)
        if name == "Fn::Sub":
            return self.sub(what)
        if name == "Fn::If":
            return self.value(what[1 if self.condition(what[0]) else 2])
        what = self.value(what)
        if name == "Fn::Join":
            assert isinstance(what[1], list)
            return what[0].join(what[1])
        assert name == "Fn::Split", name
        return what[1].split(what[0])

    def value(self, v):
        if isinstance(v, list):
            return [x for x in map(self.value, v) if x is not GONE]
        if not isinstance(v, dict):
            return v
        if len(v) == 1:
            ((name, what),) = v.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self.function(name, what)
        done = {k: self.value(x) for k, x in v.items()}
        return {k: x for k, x in done.items() if x is not GONE}


def resources_of(template, parameters):
    stack = Stack(template, parameters)
    return {name: {**r, "Properties": stack.value(r["Properties"])}
            for name, r in template["Resources"].items()
            if "Condition" not in r or
            stack.condition(template["Conditions"][r["Condition"]])}
