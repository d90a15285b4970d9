"""The servers of `make demo MOTO=1`: a local ECS, and hosts that register.

    demo.py serve FOLDER     moto's ECS with a cluster and a service, behind
                             nginx with TLS, under a name that only a dnsmasq
                             knows; FOLDER/env tells a shell how to get there,
                             FOLDER/ca.pem is the root of the certificate
    demo.py host URL         registers a host and prints its ARN
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
PEERS = TOP / "tests" / "peers"
CERTS = TOP / "build" / "certs"
NAME = "ecs.test.internal"
ACCOUNT = "123456789012"
REGION = "eu-west-1"


def client(name, url):
    import boto3

    return boto3.client(name, REGION, aws_access_key_id="demo",
                        aws_secret_access_key="demo", endpoint_url=url)


def fill(url):
    ecs = client("ecs", url)
    ecs.create_cluster(clusterName="prod")
    ecs.register_task_definition(family="web", containerDefinitions=[
        {"name": "web", "image": "web", "memory": 64}])
    ecs.create_service(cluster="prod", serviceName="web", desiredCount=1,
                       taskDefinition="web", launchType="EC2")


def serve(folder):
    from moto.server import ThreadedMotoServer

    sys.path.insert(0, str(PEERS))
    import servers

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    subprocess.run(["sh", str(PEERS / "certs.sh"), str(CERTS), NAME],
                   check=True)
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    port = moto.get_host_and_port()[1]
    fill(f"http://127.0.0.1:{port}")
    with servers.Nginx(folder / "nginx", port, tls=CERTS / "rsa") as nginx, \
         servers.Dnsmasq(folder / "dns", {NAME: ["127.0.0.1"]}) as dns:
        shutil.copy(CERTS / "rsa-ca.pem", folder / "ca.pem")
        (folder / "env.new").write_text(
            f"moto_url=http://127.0.0.1:{port}\n"
            f"AWS_ENDPOINT_URL=https://{NAME}:{nginx.port}\n"
            f"HEADCOUNT_DNS_SERVER={dns.address}\n")
        os.rename(folder / "env.new", folder / "env")
        signal.pause()


def host(url):
    ec2, ecs = client("ec2", url), client("ecs", url)
    image = ec2.describe_images()["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)
    document = {"instanceId": made["Instances"][0]["InstanceId"],
                "region": REGION, "accountId": ACCOUNT}
    answer = ecs.register_container_instance(
        cluster="prod", instanceIdentityDocument=json.dumps(document))
    print(answer["containerInstance"]["containerInstanceArn"])


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(pathlib.Path(sys.argv[2]))
    else:
        host(sys.argv[2])
