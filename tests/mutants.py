#!/usr/bin/env python3
"""tests/mutants.py [--part K/N] [NAME...] - one-line breaks of the core's
decisions; the suite has to catch each.

Each break is applied to a copy of the tree under build/mutants and judged: by
the test of its own file first, which costs a second, and where that one is
content by all of TESTS; the first that fails has caught it.  Ends with
"N caught, N not caught".  --part: only each N-th, from the K-th on.
"""
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TREE = os.path.join(ROOT, "build", "mutants")
TESTS = [*[f"reconcile/{t}" for t in (
    "plan", "hold", "rule", "measure", "facts", "filter", "memory", "learn",
    "learn_services", "learn_hosts", "need", "ask", "settle", "recall",
    "reconcile", "snapshot", "question", "wishes", "learn_names",
    "offline", "tags", "autoscaler", "missing", "report")], "ecs/query",
    "ecs/query_value",
    "ecs/ops_hosts", "ecs/ops_services", "ecs/saved", "headcount", "worlds",
    "lua/policy", "ecs/batch", "ecs/unwrap", *[f"aws/{t}" for t in (
        "xml", "creds", "creds_files", "profile", "config", "creds_json",
        "creds_fetch", "creds_container", "creds_imds", "creds_assume",
        "client", "call", "request", "bucket")],
    "sweep", "sweeps", "event_op", "event_read", "ecs/event",
    "reconcile/sweep"]
A = "core/aws/"
C = "core/"
E = "core/ecs/"
R = "core/reconcile/"
L = "bindings/lua/"

# (what is broken, file, the line's text, what stands there instead)
MUTANTS = [
    # ---- credentials ----
    ("a set in its last minute is lent while another one comes", A + "creds.c",
     "creds_has_one(c) && !creds_expires_in(c, HC_CREDS_NEAR);",
     "creds_has_one(c);"),
    ("who waits for a short-lived set waits for ever", A + "creds.c",
     "(c->failed_until > 0 ? c->failed_until : c->rest_until)",
     "c->failed_until"),
    ("a set that has expired already is taken", A + "creds.c",
     "got == 1 && creds_is_within(c, 0, c->coming.expires)", "false"),
    ("a set that was called expired is lent in a refresh", A + "creds.c",
     "if (!hc_str_eq(hc_credentials_view(&c->now_good).key_id, key_id))",
     "if (c->state != CREDS_FRESH)"),
    ("a web identity is passed by", A + "creds_files.c",
     "hc_getenv(l->sys, FILES_TOKEN).n > 0 &&", "false &&"),
    ("a home that cannot be read stops everybody", A + "creds_files.c",
     "(why->sys == EACCES && !meant)", "false"),
    ("a config file's keys are the credentials file's", A + "creds_files.c",
     "rank == FILES_KEYS && files_kinds[i].file == PROFILE_CONFIG", "false"),
    ("a broken section is passed by", A + "profile.c",
     "if (end == name.n)", "if (false)"),
    ("another profile's settings count", A + "profile.c",
     "return p->ours ? profile_line", "return true ? profile_line"),
    ("a profile beside half a key is passed by", A + "config.c",
     "if (!option && config_has_keys(r))", "if (!option)"),
    ("a container's credentials come from anywhere", A + "creds_container.c",
     "!url.origin.tls && !container_is_local(&url.origin)", "false"),
    ("a token may bring a header with it", A + "creds_container.c",
     "if (a->token.p[i] < ' ' || a->token.p[i] > '~')", "if (false)"),
    ("the token of the environment beats its file", A + "creds_container.c",
     "if (path.n > 0)\n        err = container_read_token",
     "if (hc_getenv(sys, CONTAINER_TOKEN_TEXT).n == 0 && path.n > 0)\n"
     "        err = container_read_token"),
    ("a token of the metadata is replaced for ever", A + "creds_imds.c",
     "s->c->state == IMDS_TOKEN ||\n        s->c->renewed",
     "s->c->state == IMDS_TOKEN ||\n        false"),
    ("an instance without a role is an error", A + "creds_imds.c",
     "if (c->fetch.status == 404)", "if (false)"),
    ("a role's name may be a path", A + "creds_imds.c",
     "if (!imds_is_name(name))", "if (false)"),
    ("Lambda looks for an instance", A + "creds_imds.c",
     'hc_getenv(sys, "AWS_LAMBDA_FUNCTION_NAME").n > 0', "false"),
    ("a Code that is no Success is none", A + "creds_json.c",
     'hc_json_is(&j->doc, code, "Success")', "true"),
    ("a user is a role", A + "creds_assume.c",
     "hc_str_starts(rest, role) &&", ""),
    ("a role is assumed again without a bound", A + "creds_assume.c",
     "if (c->attempts >= c->shared.max_attempts)", "if (false)"),
    ("expired keys assume a role again", A + "creds_assume.c",
     "hc_creds_invalidate(c->shared.base, c->who.key_id);", "(void)0;"),
    ("each op assumes the role for itself", A + "client.c",
     "while (r != NULL && !hc_str_eqz(role_arn, r->assume.role))",
     "while (r != NULL)"),
    ("a call drops the credentials of another one", A + "call.c",
     "hc_creds_invalidate(c->config.creds, c->who.key_id)",
     "hc_creds_invalidate(&k->creds, c->who.key_id)"),
    ("a day key outlives its secret", A + "sigv4.c",
     "    hc_wipe(k->secret, sizeof(k->secret));\n    sigv4_derive",
     "    if (k->secret_n > 0)\n        return;\n    sigv4_derive"),
    ("an end tag ends whatever is open", A + "xml.c",
     "!hc_str_eq(name, x->open[x->depth - 1])", "false"),
    ("an element that is cut short is whole", A + "xml.c",
     "(x.depth > 0 || !x.had_root)", "!x.had_root"),
    ("what one role wrote another one awaits", R + "memory.c",
     'key->role.n > 0 ? HC_STR("\\n") : key->role, key->role,', ""),
    ("what is known of a name is known to every role", R + "recall.c",
     "? (struct hc_str){ NULL, 0 } : creds->role",
     "? (struct hc_str){ NULL, 0 } : (struct hc_str){ NULL, 0 }"),
    # ---- skips ----
    ("a DAEMON service is written", R + "plan.c",
     "s->scheduling != SCHEDULING_REPLICA", "false"),
    # ---- records of a queue ----
    ("after a failed record of a FIFO queue others are done", E + "batch.c",
     "done && (all || !b->records[i].fifo)", "done"),
    ("a record that nobody understands is deleted", E + "batch.c",
     "if (r->why.n > 0 ||", "if ("),
    ("a record is done with its first cluster", E + "batch.c",
     "i < r->links_n; i++", "i < r->links_n && i < 1; i++"),
    ("a sweep that failed is done", E + "batch.c",
     "(r->sweeps && !b->sweep_done)", "false"),
    ("an older event beats a newer one", E + "batch.c",
     "ev->event.time < c->newest->event.time", "false"),
    ("a cluster is settled by its namesake elsewhere", E + "batch.c",
     "hc_str_eq(b->clusters[at].region, like->region)", "true"),
    ("one of several causes drops a cluster", E + "batch.c",
     "if (--c->causes > 0)", "if (--c->causes > 9)"),
    ("a record without an id is named", E + "batch.c",
     "named = named && r->sqs && r->id.n > 0;", ""),
    ("the id of one record is the next one's", E + "unwrap.c",
     "hc_buf_reset(&l->id);", ""),
    ("a body that is missing is the one before it", E + "unwrap.c",
     "hc_buf_reset(&l->inner);\n    l->has_inner = false;", ""),
    ("events are unwrapped for ever", E + "unwrap.c",
     "if (l->wraps == HC_UNWRAP_WRAPS)", "if (false)"),
    ("a record in an array is an event", E + "unwrap.c",
     'if (!hc_str_starts(hc_buf_view(&l->source), HC_STR("aws:")))',
     "if (true)"),
    ("a person's cluster is a payload", E + "unwrap.c",
     "l->has_payload && !l->names &&", "l->has_payload &&"),
    # ---- what an event asks for ----
    ("a member that a short form does not know is ignored", E + "event.c",
     "if (parts->stranger.p != NULL)", "if (false)"),
    ("dry_run is forgotten", E + "event.c",
     'parts->event->dry_run = hc_str_eqz(dry_run, "true");', ""),
    ("a task's detail is a host's", E + "event.c",
     "if (parts->has_task_arn)", "if (false)"),
    ("a call that failed changed something", E + "event.c",
     "parts->text[MEMBER_CALL_ERROR].n > 0)", "false)"),
    ("a dry_run stops the write of another record", C + "op_event.c",
     "b->clusters[i].writers > 0)", "b->clusters[i].writers ==\n"
     "            b->clusters[i].causes)"),
    ("a dry_run is written", C + "op_event.c",
     "return r->has_event;", "return false;"),
    # ---- what a policy says ----
    ("a fraction is a count", L + "rule_fields.c",
     "if (whole && n >= field->least", "if (n >= field->least"),
    ("a negative count is one", L + "rule_fields.c",
     "n >= field->least &&", ""),
    ("min_age is milliseconds", L + "rule_fields.c", "n * 1e6", "n * 1e3"),
    ("hosts are ACTIVE whatever it says", L + "rule_fields.c",
     "*to = (enum headcount_hosts)k;", "*to = HEADCOUNT_ACTIVE;"),
    ("defaults beat the wish", L + "rule_fields.c",
     "d->given & ~s->given", "d->given"),
    ("defaults are forgotten", L + "rule_fields.c",
     "d != NULL ? d->given & ~s->given : 0", "0"),
    ("external is turned round", L + "rule_fields.c",
     "field->kind == NOT ? !on : on", "on"),
    ("a policy of nothing wishes nothing", L + "policy.c",
     "if (lua_isnil(L, 1))", "if (false)"),
    ("the rest of a list is left", L + "rules.c",
     "for (lua_Integer at = 1; at <= end; at++)",
     "for (lua_Integer at = 1; at <= end && at < 2; at++)"),
    ("a wish by name may be of two rules", L + "rules.c",
     "if (strcmp(rule_names[rule], name) == 0)", "if (true)"),
    ("names as keys are left out", L + "rules.c", "if (at < 1)", "if (false)"),
    ("a rule that lacks its number is one", L + "rules.c",
     "if (lacks != NULL) {", "if (lacks == NULL && who == NULL) {"),
    ("any name matches", L + "facts.c",
     "*glob == *name || *glob == '?'", "true"),
    ("a spent sandbox runs on", L + "policy.c",
     "if (p->s != NULL && sandbox_is_spent(p->s))", "if (false)"),
    ("constraints of a task definition are ignored", R + "need.c",
     "return need_constraints(in, filter, d->constraints, e);",
     "return 0;"),
    ("a task definition is not waited for", R + "need.c",
     "in->lacks_definition = !need_has(&d->fact);", ""),
    ("a task definition that is not understood has none", R + "need.c",
     "if (d->unclear)", "if (false)"),
    ("another task definition is believed", R + "learn.c",
     "if (err == 0 && !hc_str_eq(v->arn, d->arn))", "if (err > 0)"),
    ("a snapshot loses constraints of task definitions", R + "snapshot.c",
     "hc_ecs_put_constraints(out, d->constraints, false, d->unclear);",
     "hc_ecs_put_constraints(out, NULL, false, d->unclear);"),
    ("a snapshot loses a fixed host port", R + "snapshot.c",
     'snapshot_bool(out, "fixedHostPort", d->fixed_port);', ""),
    ("what is remembered of a task definition has no port", R + "recall.c",
     "    d->fixed_port = fixed_port;\n", ""),
    ("the bridge's dynamic ports are fixed", "core/ecs/ops_definitions.c",
     "(v->network == NETWORK_BRIDGE && v->host_port)",
     "(v->network == NETWORK_BRIDGE && v->any_port)"),
    ("two tasks of distinctInstance fit on a host", R + "plan.c",
     "    if (in->service->distinct)\n", "    if (false)\n"),
    ("two tasks share a port of the host", R + "plan.c",
     'return in->fixed_port ? "', 'return false ? "'),
    ("a min is cut where a provider starts hosts", R + "plan.c",
     "in->by == HOSTS_CONNECTED || in->by_provider;",
     "in->by == HOSTS_CONNECTED;"),
    ("half of a task definition is remembered", R + "recall.c",
     "hc_buf_str(&lines, t->s);", "hc_buf_str(&lines, HC_STR(\"\"));"),
    ("an inactive service is written", R + "plan.c",
     "s->status != STATUS_ACTIVE", "s->status == STATUS_INACTIVE && false"),
    ("a draining service is written", R + "plan.c",
     "s->status != STATUS_ACTIVE", "s->status == STATUS_INACTIVE"),
    ("an express service is written", R + "plan.c",
     "else if (s->express)", "else if (false)"),
    ("Fargate has hosts", R + "plan.c",
     "hc_plan_is_fargate(s) && hc_rule", "false && hc_rule"),
    ("FARGATE_SPOT is no Fargate", R + "plan.c",
     'hc_str_eqz(t->s, "FARGATE_SPOT")', "false"),
    ("a required service may be missing", R + "plan.c",
     "in->wish->required ? OUTCOME_FAILED", "false ? OUTCOME_FAILED"),
    # ---- counts ----
    ("no quota", R + "plan.c", "if (bounded > quota) {",
     "if (false) {"),
    ("service discovery has the large quota", R + "plan.c",
     "in->service->discovery ? HC_PLAN_QUOTA_DISCOVERY",
     "false ? HC_PLAN_QUOTA_DISCOVERY"),
    ("one more than the hosts", R + "rule.c",
     "    int64_t count = rule_count(r, m);\n",
     "    int64_t count = rule_count(r, m) + 1;\n"),
    ("tasks a host are ignored", R + "rule.c",
     "rule_times(r->tasks > 0 ? r->tasks : 1,", "rule_times(1,"),
    ("a count overflows", R + "rule.c",
     "a != 0 && b > INT64_MAX / a ? INT64_MAX : a * b",
     "(int64_t)((uint64_t)a * (uint64_t)b)"),
    ("a share is rounded down", R + "rule.c",
     "n / share + (n % share > 0)", "n / share"),
    ("half a percent is none", R + "rule.c",
     "n / all + (n % all > 0)", "n / all"),
    ("a rung begins one host late", R + "rule.c",
     "l->rungs[i].from <= rule_positive(n)",
     "l->rungs[i].from < rule_positive(n)"),
    ("the spare host is used", R + "rule.c",
     "rule_positive(hosts - r->spare)", "hosts"),
    ("more hosts than are spared go below 0", R + "rule.c",
     "rule_positive(hosts - r->spare)", "hosts - r->spare"),
    ("one task is enough for two hosts", R + "rule.c",
     "r->spread && m->hosts > 1", "r->spread && m->hosts > 2"),
    ("the base is forgotten", R + "rule.c",
     "return rule_plus(r->base, ", "return rule_plus(0, "),
    ("a host without an agent is connected", R + "measure.c",
     "(host->connected || !of->connected)", "true"),
    ("a host counts before its age", R + "measure.c",
     "host->registered_at <= of->before", "host->registered_at >= 0"),
    ("a host without CPU has none", R + "measure.c",
     "host->cpu < 0 || host->memory < 0 ||", "false ||"),
    ("fewer connected hosts are believed at once", R + "hold.c",
     "        in->low_long || (in->wish", "        true || (in->wish"),
    ("hosts that came back are still away", R + "memory.c",
     "    e->low = low;\n", "    e->low |= low;\n"),
    ("a rule that outgrows its hosts rises", R + "hold.c",
     "!hc_rule_outgrows(&in->wish->rule, &m)", "true"),
    ("a rule may leave nothing", R + "hold.c",
     "        return hold_zero_by_rule(p, in);\n",
     "        return PLAN_DECIDED;\n"),
    ("a fixed count of 0 is no zero", R + "hold.c",
     "    if (p->wanted != 0)\n",
     "    if (p->wanted != 0 || !hc_rule_needs_hosts(&in->wish->rule))\n"),
    ("a max of 0 is none", L + "rule_fields.c",
     'w->has_max = rule_gave(s, "max") ||', "w->has_max = false &&"),
    ("min is ignored", R + "rule.c",
     "if (r->has_min && count < r->min)", "if (false)"),
    ("max is ignored", R + "rule.c",
     "r->has_max && count > r->max ?", "false ?"),
    ("hosts of other providers count", R + "measure.c",
     "measure_is_of(host, of->providers) &&", "true &&"),
    ("a host that drains since the list counts", R + "facts.c",
     'if (d != NULL && hc_str_eqz(d->status, "ACTIVE"))', "if (d != NULL)"),
    ("a host listed twice counts twice", R + "facts.c",
     "    if (h->slots[at] != 0)\n        return 0;\n", "\n"),
    ("an unchanged count is written", R + "plan.c",
     "if (p->wanted != in->service->desired)", "if (true)"),
    ("a launch type that is new is EC2", "core/ecs/ops_services.c",
     "        if (s->launch == LAUNCH_OTHER)\n"
     "            s->unclear = \"launchType\";\n", ""),
    ("a service that says no launch type is EC2", "core/ecs/ops_services.c",
     's->unclear = "launchType, nor capacityProviderStrategy";', ";"),
    ("half a constraint is none", "core/ecs/ops_services.c",
     '        s->unclear = "placementConstraints";\n', "        ;\n"),
    ("two forms of an ARN are two hosts", R + "facts.c",
     "while (from > 0 && arn.p[from - 1] != '/')", "while (from > 0)"),
    ("a service of no known cluster is ours", R + "learn_services.c",
     "if (cluster.n == 0)", "if (false)"),
    ("a write that says no count was taken", R + "learn_services.c",
     "if (v->services_n == 0 || s->desired < 0)", "if (false)"),
    ("the rule's own where is ignored", R + "plan.c",
     "if (counts && (in->moving || in->where_moves))",
     "if (counts && in->moving)"),
    # ---- holds ----
    ("a paused cluster is written", R + "hold.c",
     'hold_paused_by(p, in, in->cluster_tags, " of the cluster")', "false"),
    ("CODE_DEPLOY that says no task sets", R + "hold.c",
     "s->task_sets < 0", "false"),
    ("deployments that are not told are none", R + "hold.c",
     "(s->deployments == 0 || s->deployments == 1)", "s->deployments <= 1"),
    ("paused is forgotten", R + "hold.c",
     "if (hold_paused(p, in))", "if (false)"),
    ("a pause that is over still holds", R + "hold.c",
     "if (until <= in->wall)", "if (false)"),
    ("a pause to come does not hold", R + "hold.c",
     "if (until <= in->wall)", "if (true)"),
    ("external is forgotten", R + "hold.c",
     "s->controller == CONTROLLER_EXTERNAL ||\n", "false ||\n"),
    ("a new controller is written", R + "hold.c",
     "s->controller == CONTROLLER_OTHER)", "false)"),
    ("CODE_DEPLOY holds from three task sets on", R + "hold.c",
     "s->task_sets > 1", "s->task_sets > 2"),
    ("a blue-green deployment is disturbed", R + "hold.c",
     "if (s->rollout == ROLLOUT_ROLLING ||", "if (true ||"),
    ("ROLLING is held", R + "hold.c",
     "s->rollout == ROLLOUT_ROLLING ||", "false ||"),
    ("contested from the fourth on", R + "hold.c",
     "in->undone < HC_PLAN_UNDONE", "in->undone <= HC_PLAN_UNDONE"),
    ("zero is written", R + "hold.c",
     "if ((allow & ALLOW_ZERO) == 0)", "if (false)"),
    ("an allowed zero needs no proof", R + "hold.c",
     "    if (in->all_hosts == HC_UNKNOWN)\n        return "
     "PLAN_NEEDS_ALL_HOSTS;\n    if (in->cluster == NULL)\n        return "
     "PLAN_NEEDS_CLUSTER;\n",
     "    if (in->cluster == NULL)\n        return PLAN_DECIDED;\n"),
    ("an allowed zero in a cluster that goes", R + "hold.c",
     'in->all_hosts == 0 && hc_str_eqz(in->cluster->status, "ACTIVE")',
     "in->all_hosts == 0"),
    ("a filter that matches nothing makes a zero", R + "hold.c",
     "if (narrowed && in->all_hosts > 0) {", "if (false) {"),
    ("step_down from 3 tasks on", R + "hold.c",
     "return less > 2 && less > to;", "return less > 3 && less > to;"),
    ("step_down at half", R + "hold.c",
     "return less > 2 && less > to;", "return less > 2 && less >= to;"),
    ("step_up is forgotten", R + "hold.c",
     "return more > 20 && more > from;", "return false;"),
    ("step_up at double", R + "hold.c",
     "return more > 20 && more > from;", "return more > 20 && more >= from;"),
    ("a second reading that differs is fine", R + "hold.c",
     "if (!second->agrees)", "if (false)"),
    ("the runaway loop", R + "hold.c",
     "if (in->scaled != KNOWN_YES)\n        return PLAN_DECIDED;\n"
     "    hc_fmt(why, sizeof(why), \"%lld of",
     "if (true)\n        return PLAN_DECIDED;\n"
     "    hc_fmt(why, sizeof(why), \"%lld of"),
    ("a scalable target is overruled", R + "hold.c",
     "if (in->target != KNOWN_YES)", "if (true)"),
    ("our own write is repeated", R + "plan.c",
     "if (in->awaits && in->own_write == p->wanted) {", "if (false) {"),
    ("moving constraints are put into the filter", R + "need.c",
     "if (!hc_filter_moves(term))", "if (true)"),
    ("moving constraints are left out in silence", R + "plan.c",
     "if (counts && (in->moving || in->where_moves))", "if (false)"),
    # ---- facts ----
    ("only the first page counts", R + "learn_hosts.c",
     "    r->next = v->next;\n    if (r->next.n > 0)\n        return 0;\n"
     "    r->hosts->fact", "    r->hosts->fact"),
    ("a page that fails is a smaller count", R + "learn.c",
     "hc_facts_fail(&r->facts, &r->hosts->fact, code, what);",
     "r->hosts->fact.state = FACT_VALUE;"),
    ("DRAINING hosts are listed too", R + "need.c",
     'return hc_facts_hosts(&r->facts, "ACTIVE", filter, SIGHTING_FIRST);',
     'return hc_facts_hosts(&r->facts, "DRAINING", filter, SIGHTING_FIRST);'),
    ("the status is left out of the list", "core/ecs/ops_hosts.c",
     'hc_json_put_member(out, "status", hc_str(status));', "(void)status;"),
    ("the filter is left out of the list", "core/ecs/ops_hosts.c",
     "    if (filter.n > 0)\n", "    if (false)\n"),
    ("hosts of another cluster count", R + "learn_hosts.c",
     "hc_arn_instance(&arn, text, NULL) < 0 || !hc_reconcile_is_here(r, &arn)",
     "hc_arn_instance(&arn, text, NULL) < 0"),
    ("another cluster's service is believed", R + "learn.c",
     "return err == 0 && hc_reconcile_is_here(r, &arn);", "return true;"),
    ("another region's answer is believed", R + "reconcile.c",
     "region.n == 0 || hc_str_eq(arn->region, region);", "true;"),
    ("a service that was not asked for is believed",
     R + "learn_services.c",
     "    if (!hc_learn_was_asked(r, s->name))\n", "    if (false)\n"),
    ("a service that is left out is missing",
     R + "learn_services.c",
     "if (fact->fact.state == FACT_UNKNOWN)", "if (false)"),
    ("any failure is MISSING",
     R + "learn_services.c",
     'if (!hc_str_eqz(f->reason, "MISSING"))\n        hc_facts_fail',
     "if (false)\n        hc_facts_fail"),
    ("an answer without a list is an empty one", "core/ecs/ops_hosts.c",
     "if (err == 0 && !v->view.list_seen)", "if (false)"),
    ("the second reading is the first one", R + "need.c",
     "filter, SIGHTING_SECOND);\n    return *list", "filter, SIGHTING_FIRST);"
     "\n    return *list"),
    ("the second reading counts hosts only", R + "need.c",
     "if (first == NULL || !hc_fact_hosts_eq(first, active))",
     "if (first == NULL || first->n != active->n)"),
    ("the cluster's own number is ignored", R + "need.c",
     "return in->filter.n > 0 ? second->registered >= seen\n"
     "                            : second->registered == seen;",
     "return true;"),
    ("an event that contradicts a list is ignored", R + "reconcile.c",
     "return active != (hc_fact_hosts_find(h, r->event_host.text) != NULL);",
     "return active && false;"),
    ("a cluster's two names are two clusters", "core/op_clusters.c",
     "    op_drop_twins(r);\n", ""),
    ("one foreign cluster is every cluster", "core/op_clusters.c",
     "foreign > 0 && foreign == r->clusters_n", "foreign > 0"),
    # ---- questions ----
    ("a fact that failed is no reason to stop", R + "settle.c",
     "if (r->question.open || (r->ask", "if (false || (r->ask"),
    ("wishes of a round that lacks facts stand", R + "question.c",
     "if (r->question.needs_n == 0) {", "if (true) {"),
    ("a policy asks for ever", R + "question.c",
     "++r->question.rounds > HC_QUESTION_ROUNDS", "false"),
    ("tagged services of another cluster are ours", R + "learn_names.c",
     "here && arn.cluster.n > 0 ?", "true ?"),
    ("a list of services may name those of others", R + "learn_names.c",
     "    return here ? learn_add(r, text)",
     "    return true ? learn_add(r, text)"),
    ("one page of services is all of them", R + "learn_names.c",
     "    if (r->next.n > 0)\n        return 0;\n", ""),
    # ---- services that no cluster has ----
    ("a service that one cluster has is missing", R + "missing.c",
     "m->names[i].lacks && !m->names[i].has", "m->names[i].lacks"),
    ("a run that did not look everywhere knows what is missing",
     R + "missing.c", "m->partial |= c->error_code != NULL;", ""),
    ("a cluster that is gone has every service", R + "missing.c",
     "else if (!skipped || !hc_str_eqz(code, \"cluster_gone\"))", "else"),
    ("a sweep that could not begin a cluster knows what is missing",
     C + "op_sweep.c", "s->missing.partial = true;\n    else", ";\n    else"),
    ("one service may be wished for twice", R + "wishes.c",
     "return s->reason == NULL ? wishes_check_twice(r, e) : 0;", "return 0;"),
    ("a rule that is none is planned", R + "wishes.c",
     "err = hc_rule_check(&w->rule, e);", "err = 0;"),
    ("what is asked is read again in each round", R + "question.c",
     "    return q->kind == QUERY_COUNT ? question_count(r, q, known, e) : 1;",
     "    return question_note(r, q, e);"),
    # ---- writes ----
    ("a dry run writes", R + "plan.c",
     "in->dry_run ? OUTCOME_PENDING : OUTCOME_UPDATED", "OUTCOME_UPDATED"),
    ("a write goes out after the deadline", R + "reconcile.c",
     "deadline != HC_NEVER && now >= deadline", "false && now >= deadline"),
    ("a write goes out after a cancel", R + "reconcile.c",
     "    if (r->cancelled)\n        return \"cancelled\";\n", ""),
    ("another member in a write", "core/ecs/ops_services.c",
     'hc_json_put_member_int(out, "desiredCount", desired);',
     'hc_json_put_member_int(out, "desiredCount", desired);\n'
     '    hc_buf_lit(out, ",\\"forceNewDeployment\\":true");'),
    ("a write without an answer is a plain failure", R + "settle.c",
     "(err != HC_ESERVICE && r->call.request.sent)", "false"),
    ("an answer with another count is believed",
     R + "learn_services.c",
     "if (s->desired != r->plan.wanted)", "if (false)"),
    # ---- snapshots ----
    ("a snapshot is applied", R + "reconcile.c",
     "if (!r->config.dry_run)", "if (false)"),
    ("what a snapshot does not hold is asked for", R + "reconcile.c",
     "    if (r->taken != 0)\n        return reconcile_ask_snapshot(r);\n",
     ""),
    ("tags set what goes with another rule", R + "tags.c",
     "    if ((f->rules & BIT(to->rule.kind)) == 0)\n", "    if (false)\n"),
    ("a tag that there is not is passed over", R + "tags.c",
     "    if (f == NULL)\n        return tags_refuse", "    if (f == NULL)\n"
     "        return 0;\n    if (false)\n        return tags_refuse"),
    ("a tag's filter may move with tasks", R + "tags.c",
     "    if (hc_filter_moves(to->where))\n", "    if (false)\n"),
    ("a tag's max is not heeded", R + "tags.c",
     'r->has_max = tags_of(tags, TAGS_BEGIN "max") != NULL;',
     "r->has_max = false;"),
    ("an autoscaler's ladder without rungs is taken", R + "autoscaler.c",
     "    if (err == 0 && cores < 0 && nodes < 0)\n", "    if (false)\n"),
    ("an autoscaler's misspelt member is not looked at", R + "autoscaler.c",
     "        if (names[i] == NULL)\n", "        if (names[i] == NULL)\n"
     "            continue;\n        if (false)\n"),
    ("an autoscaler's linear count may be 0", R + "autoscaler.c",
     "        r->min = 1;\n", "        r->min = 0;\n"),
    ("a core is one CPU unit", R + "autoscaler.c",
     "#define SCALER_CORE 1024", "#define SCALER_CORE 1"),
    ("rungs are taken as they come", R + "autoscaler.c",
     "i > 0 && rungs[i - 1].from >= rung.from;", "false;"),
    ("a pattern is answered without ECS", "core/ecs/query.c",
     "    if (q.why != NULL)\n", "    if (false)\n"),
    ("what is missing is not the opposite's match", "core/ecs/query.c",
     "    return found ^ t.opposite;", "    return found;"),
    ("and is or", "core/ecs/query.c", "all = one < 0 ? one : all & one;",
     "all = one < 0 ? one : all | one;"),
    ("numbers are bytes", "core/ecs/query_value.c",
     "    if (value_get_number(a, &x) && value_get_number(b, &y))\n",
     "    if (value_get_number(a, &x) && !value_get_number(b, &y))\n"),
    ("hosts without attributes answer filters", R + "offline.c",
     "    if (!offline_is_full(all))\n", "    if (false)\n"),
    ("the whole list stands for a filtered one", R + "offline.c",
     "        got = d == NULL ? 0 : hc_query_matches(r->hosts->filter, d, e);",
     "        got = d != NULL;"),
    ("a recorded snapshot knows what is missing", R + "offline.c",
     "    return r->complete ? offline_complete(r, e) : 0;",
     "    return offline_complete(r, e);"),
    ("another sighting's list answers", R + "offline.c",
     "h->sighting != r->hosts->sighting ||", ""),
    ("inactive services are listed offline", R + "offline.c",
     "s->status == STATUS_INACTIVE ||", ""),
    ("hosts of other providers are lost from a snapshot", R + "snapshot.c",
     "        hc_ecs_put_host(out, host->details);\n", "        ;\n"),
    ("both readings of a snapshot are the first", R + "snapshot.c",
     "    snapshot_reading(out, f, SIGHTING_SECOND);\n",
     "    snapshot_reading(out, f, SIGHTING_FIRST);\n"),
    ("a snapshot forgets the task sets", "core/ecs/saved.c",
     'saved_list(out, "taskSets", s->task_sets, "{}");', ";"),
    ("account ids are shown", R + "snapshot.c",
     "    snapshot_redact(out, cluster->account);\n", ""),
    # ---- memory ----
    ("own writes are awaited for ever", R + "memory.c",
     "now < hc_time_add(e->at, HC_MEMORY_SHOWN)", "now > 0"),
    ("what was undone long ago counts", R + "memory.c",
     "n += now <= hc_time_add(e->undone[i], HC_MEMORY_UNDONE);", "n++;"),
    ("versions may fall", R + "memory.c",
     "if (e != NULL && version > e->count)", "if (e != NULL)"),
    ("answers are kept for ever", R + "memory.c",
     "now >= hc_time_add(e->at, HC_MEMORY_ANSWER)", "now < 0"),
    # ---- turns ----
    ("a bucket never runs dry", A + "bucket.c",
     "if (mine && now >= bucket_next(b)) {", "if (mine) {"),
    ("who comes last is served first", A + "bucket.c",
     "first == NULL || first == &turn->link ||", "true ||"),
    ("who yields stands with the others", A + "bucket.c",
     "turn->yields ? &b->yielding : &b->first", "&b->first"),
    ("who yields does so for ever", A + "bucket.c",
     "    if (now < hc_time_add(turn->since, HC_TURN_YIELDS))\n",
     "    if (now >= 0)\n"),
    ("who leaves a line hands nothing on", A + "bucket.c",
     "    if (b != NULL)\n        bucket_hand_on(b);\n", ""),
    ("the first of a line has no alarm", A + "bucket.c",
     "if (bucket_first(b) == &turn->link)", "if (false)"),
    ("writes draw from the bucket of reads", A + "bucket.c",
     '{ "UpdateService", BUCKET_WRITES }',
     '{ "UpdateService", BUCKET_SERVICES }'),
    ("all regions share a bucket", A + "bucket.c",
     "!hc_str_eqz(key->region, set->region)", "false"),
    ("all accounts share a bucket", A + "bucket.c",
     "set->account != key->account ||", ""),
    ("a throttle leaves the bucket full", A + "bucket.c",
     "    b->full_at = hc_time_add(now, b->depth);\n", "    (void)now;\n"),
    ("the rate is not shared", A + "bucket.c",
     "(double)HC_SECOND / (rate * share)", "(double)HC_SECOND / rate"),
    ("a share may be no interval", A + "bucket.c",
     "interval < BUCKET_SLOWEST ?", "true ?"),
    ("a turn is awaited after the deadline", A + "call.c",
     "if (c->bucket != NULL && now >= c->config.deadline)", "if (false)"),
    ("a throttle drains nothing", A + "call.c",
     "c->bucket != NULL && call_class(c) == RETRY_THROTTLED", "false"),
    # ---- rises before drops ----
    ("what falls is written as it comes", R + "reconcile.c",
     "    if (falls && !r->falling) {", "    if (false) {"),
    ("what falls is forgotten", R + "reconcile.c",
     "if (r->falls && !r->falling) {", "if (false) {"),
    ("what falls yields to nobody", R + "ask.c",
     "config.yields = r->falling;", "config.yields = false;"),
    ("a drop follows from what is old", R + "reconcile.c",
     "falls ? hc_need_read_at(r, in) : now", "now"),
    ("a drop that is late is asked for", R + "reconcile.c",
     "    if (now >= r->write_by) {", "    if (false) {"),
    ("the hosts of a drop may be old", R + "need.c",
     "hosts != NULL && need_has(hosts) ? hc_time_min(at, hosts->at) : at",
     "at"),
    ("registered hosts have the age of a list", R + "need.c",
     "in->by == HOSTS_REGISTERED ? &r->facts.cluster[SIGHTING_FIRST].fact\n"
     "        : list", "list"),
    # ---- which clusters ----
    ("a question mark is itself", R + "sweep.c",
     "pattern.p[p] == '?' ||", ""),
    ("a tag has any value", R + "sweep.c",
     "(value.p == NULL || hc_str_eq(t->value, value))", "true"),
    ("a cluster is in every region", R + "sweep.c",
     "hc_str_eq(cluster->region, place->region) &&", ""),
    ("a role sees every account", R + "sweep.c",
     "(account.n == 0 || hc_str_eq(cluster->account, account))", "true"),
    ("a cluster is found twice", C + "op_sweep_find.c",
     "    if (*slot != 0)\n        return 0;\n", ""),
    ("an ARN is another cluster for each role", C + "op_sweep_find.c",
     "(hc_arn_is_full(&other) && hc_arn_is_full(cluster))", "false"),
    ("a page may be its own next one", C + "op_sweep_find.c",
     "if (v->next.n > 0 && hc_str_eq(v->next, hc_buf_view(&s->token)))",
     "if (false)"),
    ("a list of another region is believed", C + "op_sweep_find.c",
     "!hc_sweep_is_there(&s->places[s->place], arn)", "false"),
    ("tags of any cluster are believed", C + "op_sweep_find.c",
     "err == 0 && !find_was_asked(s, arn.text)", "false"),
    ("what is not tagged so is found", C + "op_sweep_find.c",
     "err == 0 && find_is_tagged(op, v.clusters[i].tags)", "err == 0"),
    ("a name that nothing has is passed over", C + "op_sweep_find.c",
     "if (!s->matched[i])", "if (false)"),
    ("one region that fails is all", C + "op_sweep_find.c",
     "if (s->places_n == 1 && s->targets_n == 0)", "if (true)"),
    ("a region that is named twice is two", C + "op_sweep.c",
     "hc_str_eq(s->places[i].role, place->role)", "false"),
    # ---- parts ----
    ("a cancelled sweep begins parts", C + "op_sweep.c",
     "} else if (s->cancelled) {", "} else if (false) {"),
    ("more parts than at_once", C + "op_sweep.c",
     "i < s->at_once && s->begun < s->targets_n",
     "i < HC_SWEEP_AT_ONCE && s->begun < s->targets_n"),
    ("the sum is the last part's", C + "op_sweep.c",
     "op->outcome.summary[i] += o->summary[i];",
     "op->outcome.summary[i] = o->summary[i];"),
    ("parts outlive their sweep", C + "op_sweep.c",
     "        sweep_end_all(op);\n        return got;\n",
     "        return got;\n"),
    ("a sweep is done before all are found", C + "op_sweep.c",
     "s->all_found && s->done == s->targets_n ?",
     "s->done == s->targets_n ?"),
    ("what is kept for a report has no bound", C + "op_sweep.c",
     "    if (s->kept > HC_OP_JSON)\n        return",
     "    if (false)\n        return"),
    ("a cancel shows a part twice", C + "op.c",
     "    if (op->state != HEADCOUNT_PART)", "    if (true)"),
    ("a sweep has no timings", C + "op.c",
     "op->parent != NULL ? &op->parent->timings : &op->timings",
     "&op->timings"),
    # ---- side by side ----
    ("two are inside one cluster", C + "op_reconcile.c",
     "while (other != NULL && !op_lane_is(op, other))",
     "while (other != NULL)"),
    ("more are at work than there may be", C + "op_reconcile.c",
     "bool room = op->h->inside < op->h->concurrency;", "bool room = true;"),
    ("who leaves wakes nobody", C + "op_reconcile.c",
     "        waited = hc_links_wake_one(&op->h->lanes);\n"
     "        hc_links_wake(&op->h->lanes);\n", ""),
    ("a name is one cluster in all accounts", C + "op_reconcile.c",
     "hc_arn_same_place(&mine->names[mine->at],\n"
     "                             &theirs->names[theirs->at])", "true"),
    ("who has room keeps it", C + "op_reconcile.c",
     "if (waited || !op_enter(op, now))", "if (!op_enter(op, now))"),
    ("credentials are awaited after a cancel", C + "op_reconcile.c",
     "        r->cancelled || now >= op->deadline)   /*",
     "        now >= op->deadline)   /*"),
    ("credentials are awaited after the deadline", C + "op_reconcile.c",
     "        r->cancelled || now >= op->deadline)   /*",
     "        r->cancelled)   /*"),
    # ---- events whose clusters come one by one ----
    ("all clusters of an event are done at once", C + "op_event.c",
     "if (hc_str_eqz(c, r->clusters[i]))", "if (true)"),
    ("a cluster whose turn it is not is done", C + "op_event.c",
     "hc_batch_settle(b, i, false);", "hc_batch_settle(b, i, true);"),
    ("any sweep was a good one", C + "op_event.c",
     "swept == HEADCOUNT_SWEPT_WELL", "true"),
    ("a record may ask for a sweep that there is not", C + "op_event.c",
     "record->sweeps && swept == HEADCOUNT_SWEPT_NOT", "false"),
    ("a schedule may ask for a sweep that there is not", C + "op_event.c",
     "b->sweeps && !b->wrapped && swept == HEADCOUNT_SWEPT_NOT", "false"),
    ("records that nobody understands are read", C + "event_read.c",
     "if (b->records[i].why.n > 0)", "if (false)"),
]


def run(*command, timeout=600, **more):
    """Its exit code; what does not end in time has failed."""
    try:
        return subprocess.run(command, cwd=TREE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False,
                              timeout=timeout, **more).returncode
    except subprocess.TimeoutExpired:
        return 1


def build(tests):
    return run("make", "-s", f"-j{os.cpu_count()}", "CFLAGS=-O1", "DEV=",
               *[f"build/tests/{t}_test" for t in tests])


def own(name):
    """The tests that mirror the file, as far as there are any."""
    room = name.removeprefix("core/").removesuffix(".c")
    if name.startswith(L):
        return ["lua/policy"]
    if room.startswith("op"):
        room = {"op_sweep": "sweep", "op_sweep_find": "sweep",
                "op_event": "event_op"}.get(room, "headcount")
    return [room] if room in TESTS else []


def verdict(tests):
    """Who caught it, or None."""
    if build(tests) != 0:
        return "it does not build"
    for program in tests:
        if run(f"build/tests/{program}_test", timeout=60,
               env={**os.environ, "WORLDS": "500"}) != 0:
            return program
    return None


def copy_tree():
    shutil.rmtree(TREE, ignore_errors=True)
    os.makedirs(TREE)
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split("\n")
    for name in filter(None, files):
        to = os.path.join(TREE, name)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copy2(os.path.join(ROOT, name), to)


def judge(what, name, old, new):
    path = os.path.join(TREE, name)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if text.count(old) != 1:
        return f"the line stands there {text.count(old)} times"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))
    who = verdict(own(name)) if own(name) else None
    who = who or verdict(TESTS)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return who


def chosen(words):
    first, step = 0, 1
    if words[:1] == ["--part"]:
        first, step = map(int, words[1].split("/"))
        words = words[2:]
    return [m for m in MUTANTS[first::step]
            if not words or any(w in m[0] for w in words)]


def main():
    copy_tree()
    if verdict(TESTS) is not None:
        sys.exit("the tree is broken before anything is: see build/mutants")
    caught = missed = 0
    for mutant in chosen(sys.argv[1:]):
        who = judge(*mutant)
        good = who is not None and " " not in who
        caught += good
        missed += not good
        print(f"{'caught     ' if good else 'NOT CAUGHT '} {mutant[0]}"
              f"  ({who or 'nobody'})", flush=True)
    print(f"{caught} caught, {missed} not caught")
    sys.exit(missed > 0 or caught == 0)


if __name__ == "__main__":
    main()
