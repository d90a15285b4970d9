"""The demo's other half: a local ECS API, and hosts that register with it.

    demo.py serve PORTFILE    moto on a free port; a cluster and a service
    demo.py hosts N           registers N; prints the event of the last
"""
import json
import os
import sys

ACCOUNT = "123456789012"
REGION = "eu-west-1"


def client(name, url=None):
    import boto3

    return boto3.client(name, REGION, aws_access_key_id="demo",
                        aws_secret_access_key="demo",
                        endpoint_url=url or os.environ["AWS_ENDPOINT_URL"])


def serve(portfile):
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    ecs = client("ecs", f"http://127.0.0.1:{port}")
    ecs.create_cluster(clusterName="prod")
    ecs.register_task_definition(family="web", containerDefinitions=[
        {"name": "web", "image": "web", "memory": 64}])
    ecs.create_service(cluster="prod", serviceName="web", desiredCount=1,
                       taskDefinition="web", launchType="EC2")
    with open(portfile + ".new", "w") as f:
        f.write(str(port))
    os.rename(portfile + ".new", portfile)
    server._thread.join()


def hosts(n):
    ec2, ecs = client("ec2"), client("ecs")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    for instance in ec2.run_instances(ImageId=image, MinCount=n,
                                      MaxCount=n)["Instances"]:
        host = ecs.register_container_instance(
            cluster="prod", instanceIdentityDocument=json.dumps({
                "instanceId": instance["InstanceId"], "region": REGION,
                "accountId": ACCOUNT}))["containerInstance"]
    print(json.dumps({
        "version": "0", "id": "8952ba83-7be2-4ab5-9c32-6687532d15a2",
        "detail-type": "ECS Container Instance State Change",
        "source": "aws.ecs", "account": ACCOUNT, "region": REGION,
        "time": "2020-12-06T16:41:06Z",
        "resources": [host["containerInstanceArn"]],
        "detail": {
            "clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/prod",
            "containerInstanceArn": host["containerInstanceArn"],
            "ec2InstanceId": host["ec2InstanceId"], "status": "ACTIVE",
            "agentConnected": True, "version": 1}}, indent=1))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        hosts(int(sys.argv[2]))
