// sdk.mjs CALLS - the bench's call by the AWS SDK for JavaScript v3: one call,
// then CALLS on the same client.  Prints "CPU WALL", microseconds a call, and
// what the answer says.  Everything else comes from the environment.
import { createRequire } from "node:module";

// The package is in build/peers, which is not beside this file.
const require = createRequire(process.env.BENCH_NODE_MODULES + "/");
const { ECSClient, DescribeServicesCommand } =
  require("@aws-sdk/client-ecs");

const client = new ECSClient({});
const calls = Number(process.argv[2]);

async function call() {
  const answer = await client.send(new DescribeServicesCommand({
    cluster: "prod", services: ["web"], include: ["TAGS"],
  }));
  const [web] = answer.services;
  return `${web.serviceName} ${web.desiredCount}`;
}

function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

let said = await call();
const began = process.hrtime.bigint(), spent = cpu();
for (let i = 0; i < calls; i++) {
  said = await call();
}
if (calls > 0) {
  const wall = Number(process.hrtime.bigint() - began) / 1e3;
  console.log(`${((cpu() - spent) / calls).toFixed(2)} ` +
    (wall / calls).toFixed(2));
}
console.log(said);
client.destroy();
