// What IAM says: {policies: [DOCUMENT], calls: [{action, resource, context}]}
// on standard input, a list of "Allowed", "ImplicitlyDenied", ... on standard
// output.  AWS's own data says which resources and keys an action knows: a call
// that AWS does not know, or a policy that it would not take, is an error.
//
// Used by: system/test_permissions.py.
// Instead of moto: moto's IAM does not evaluate policies with AWS's own list
// of actions and keys.
'use strict';
const { readFileSync } = require('fs');
const { runSimulation } = require('@cloud-copilot/iam-simulate');

const ACCOUNT = '123456789012';

async function judge(policies, call) {
  const answer = await runSimulation({
    identityPolicies: policies.map((policy, i) => ({ name: `p${i}`, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    request: {
      principal: `arn:aws:iam::${ACCOUNT}:role/headcount`,
      action: call.action,
      resource: { resource: call.resource, accountId: ACCOUNT },
      contextVariables: call.context,
    },
  }, {});
  if (answer.resultType === 'error' || !answer.overallResult)
    throw new Error(`${JSON.stringify(call)}: ${JSON.stringify(answer)}`);
  return answer.overallResult;
}

async function main() {
  const { policies, calls } = JSON.parse(readFileSync(0));
  const results = [];
  for (const call of calls)
    results.push(await judge(policies, call));
  console.log(JSON.stringify(results));
}

main().catch((e) => {
  console.error(String(e));
  process.exit(1);
});
