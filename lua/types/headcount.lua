---@meta headcount
-- Made from lua/headcount/init.lua and bindings/lua/policy; after a change of
-- these: python3 bindings/packaging/lua_types.py write

---@class headcount.Client
local Client = {}

---@class headcount.client_call.options
---@field timeout? number seconds, for all attempts
---@field region? string
---@field endpoint_url? string
---@field assume_role? string ARN of the role that makes the calls; `external_id`, `role_session_name` and `role_duration` (seconds) go with it
---@field expect_account? string 12 digits: nothing is sent with credentials of another account (`"EACCOUNT"`)
---@field retry_writes? boolean send a request again that was sent completely and got no answer, even if its operation may write; a gateway's 502 or 504, and a 500 or 503 without a code of AWS, are no answer
---@field target_prefix? string for a service that headcount does not know: its requests have the header `x-amz-target: <target_prefix>.<operation>`
---@field json_version? string with `target_prefix`: `"1.0"` or `"1.1"`
---@field signing_name? string with `target_prefix`: the name in the signature, if it is not `service`
---@field endpoint_prefix? string with `target_prefix`: the front of its host, if it is not `service`
---@field timings? boolean the last of what is returned, also after a failure, is a list of the attempts.  Each is a table: `operation, host, address, region, cluster, attempt, status, reused, resumed`; `connection`, its number in the client (0: none); `start` by a clock of its own; and durations: `waited` (in the line for a connection), `dns, connect, tls, send, wait, receive, total`, and `idle`, which a reused connection had been kept without a request

---Makes one signed call of an AWS service, and retries it if that is safe.
---@param service string one that takes JSON, by its name in the AWS CLI (`"deploy"`) or in botocore (`"codedeploy"`), or its id (`"CodeDeploy"`)
---@param operation string such as `"DescribeServices"`, `"describe-services"`
---@param input? table|string members of the operation, or its JSON
---@param options? headcount.client_call.options
---@return table?
---@return string?
---@return string?
function Client:call(service, operation, input, options) end

---Opens the connections that a call will need, and sends nothing: to the
---service, and to STS where the credentials come from it.  They stay as those
---that calls leave, for 20 seconds.  A failure costs later calls nothing.
---@param service string as `client:call` takes it
---@param options? table those of `client:call`; give a timeout
---@return boolean?
---@return string?
---@return string?
function Client:connect(service, options) end

---@class headcount.client_fetch.request
---@field url string `http` or `https`
---@field method? string `"GET"`, or `"POST"` with a body
---@field headers? table as `headcount.sign` takes them
---@field body? string
---@field timeout? number seconds, for the whole request
---@field sign? table sign it with the client's credentials: `{ service = }` is needed; region, expires, sign_all, double_encode and normalize_path are those of `client:sign`
---@field assume_role? string with `sign`: as `client:call` takes it, and so external_id, role_session_name, role_duration and expect_account

---Makes one plain HTTP request to any URL, with the connections, DNS answers
---and trusted certificates of the client.  No redirect is followed.
---@param request headcount.client_fetch.request
---@return table?
---@return string?
---@return string?
function Client:fetch(request) end

---@class headcount.client_sign.request
---@field url string
---@field service string such as `"s3"`, `"execute-api"`
---@field region? string the client's
---@field timeout? number seconds, for the credentials
---@field assume_role? string as `client:call` takes it, and so external_id, role_session_name, role_duration and expect_account

---Makes a signature with the credentials of the client, which it may have to
---fetch first, for a request that another program sends.
---@param request headcount.client_sign.request what `headcount.sign` takes, but for the three keys
---@return table?
---@return string?
---@return string?
function Client:sign(request) end

---@class headcount.client_reconcile.options
---@field policy? string its text (which has a line break or a brace), or a path
---@field policy_name? string its name in errors
---@field services? string[] each gets one task on each host
---@field where? string with services: only hosts that match
---@field hosts? string `"active"`, `"registered"`, `"connected"`
---@field constraints? string the placement constraints that limit the counted hosts; `"service"`: those of the service; `"all"`, the default with a policy: those of its task definition too
---@field dry_run? boolean read and plan, write nothing
---@field explain? string `"changes"`: services whose count would change have `placement` in the report, the hosts that can take a task; `"all"`: all services
---@field only? string a service: wishes for others are dropped
---@field allow? string[] codes of holds to let pass
---@field snapshot? string|table plan on these facts, without a call; nothing is written
---@field record? boolean return the facts too
---@field timeout? number seconds, for the whole run
---@field region? string
---@field endpoint_url? string
---@field assume_role? string ARN of the role that makes the calls; `external_id`, `role_session_name` and `role_duration` (seconds) go with it
---@field expect_account? string 12 digits: a cluster of another account fails (`"EACCOUNT"`) before anything is written in it
---@field drop_duplicates? boolean skip an event whose `detail.version` this client has already reconciled
---@field verify? boolean after a write list the hosts again, and continue if they call for another count (one more call for each write)
---@field drop_foreign? boolean records about another region or account count as done; by default they are left to their queue
---@field timings? boolean as `client:call` takes it

---Brings services of a cluster to their counts.
---@param target string|table a cluster's name or ARN; or an event, as a table or as its JSON; nil: the snapshot's cluster
---@param options headcount.client_reconcile.options either `policy` or `services`
---@return table?
---@return string|string
---@return string?
function Client:reconcile(target, options) end

---@class headcount.client_sweep.options
---@field clusters? string|string[] names, ARNs or globs (`*`, `?`); all, if it is not given
---@field region? string|string[] regions to look in
---@field assume_role? string|string[] ARNs of roles, each of which is looked at
---@field tags? table `{ NAME = "VALUE" }`: only clusters that have all of these tags
---@field concurrency? integer clusters at once, at most 64
---@field max_changes? integer services that are written at most; further writes are held (`too_many_changes`)
---@field max_falls? integer tasks that are taken away at most

---Finds clusters and brings the services of each to their counts, side by
---side: what `headcount apply --all` does.  One cluster that fails does not
---stop the others.
---@param options headcount.client_sweep.options those of `client:reconcile` but for an event's and a snapshot's (`snapshot`, `record`, `drop_duplicates`, `drop_foreign`), and
---@return table?
---@return string?
---@return string?
function Client:sweep(options) end

---Counters since the client was made.
---@return table
function Client:stats() end

---The network may be another one: call it after a suspend, a restore from a
---snapshot, or a change of the network.  Idle connections are closed, those in
---use after their answer; DNS servers are asked again, TLS handshakes are full
---ones.  Calls in progress go on; credentials and the region stay.
function Client:forget() end

---Ends all calls in progress and closes all connections; a second close does
---nothing.
function Client:close() end

---@class headcount
---@field _VERSION string
---@field json headcount.json
local headcount = {}

---@class headcount.json
---@field null userdata stands for JSON's null
---@field decode fun(text: string): any, string?, string?
---@field encode fun(value: any): string
---@field array fun(t: table): table marks an array

---@class headcount.client.options
---@field region? string `AWS_REGION`
---@field endpoint_url? string instead of AWS's
---@field ca_bundle? string path; replaces the built-in roots
---@field dns_server? string `ADDRESS` or `ADDRESS:PORT`, perhaps `fe80::1%eth0`
---@field keep_alive? boolean false: each call opens its own connection
---@field dns_cache? boolean false: each new connection asks DNS anew
---@field tls_resumption? boolean false: each TLS handshake is a full one
---@field tcp_keepalive? boolean false: no TCP probes; true: also where `BOTOCORE_TCP_KEEPALIVE` or the profile says false
---@field profile? string of `~/.aws`, instead of `AWS_PROFILE`
---@field credentials? table `{ access_key_id=, secret_access_key=, session_token= }`
---@field connect_timeout? number seconds (3.1) over all addresses of a host, and again for each TLS handshake and for `CONNECT`; 0 is no limit
---@field read_timeout? number seconds (30) to the first byte and between bytes; 0 is no limit
---@field max_attempts? integer of a call (3; DynamoDB 4)
---@field max_connections? integer open at once (200), at most 10000; a call that finds none free waits in the line of its host
---@field max_connections_per_host? integer of them (10)
---@field acquire_timeout? number seconds (10) in the line of a host while nobody in front gets a connection; 0 is no limit
---@field attempt_timeout? number seconds (300) for one attempt, from its connection to the end of its answer; 0 is no limit
---@field tcp_user_timeout? number seconds (30) until bytes that the host's kernel does not acknowledge end their connection; 0 leaves it to the system
---@field min_speed? integer bytes (1024) of an answer's body in each 30 seconds; 0 is no limit
---@field no_sign_request? boolean do not sign requests
---@field audit? boolean write one JSON line to standard error for each write, and for each hold when it starts, changes or ends

---Makes a client, which owns the connections, DNS answers, TLS sessions and
---credentials that its calls share.  An option that is not given comes from the
---environment, as in the AWS SDKs.  Opens no connection.
---@param options? headcount.client.options
---@return headcount.Client?
---@return string?
---@return string?
function headcount.client(options) end

---@class headcount.sign.request
---@field url string `http` or `https`, path and query as sent
---@field service string such as `"ecs"`
---@field region string
---@field access_key_id string
---@field secret_access_key string
---@field session_token? string
---@field method? string
---@field headers? table `{ NAME = "VALUE" }`; a header that is given more than once is `NAME = { "FIRST", "SECOND" }`, or the headers are a list, `{ { "NAME", "VALUE" }, ... }`
---@field sign_all? boolean sign the headers, too, that AWS's SDKs leave out because others change them, such as User-Agent and traceparent
---@field body? string
---@field expires? number make a presigned URL that is good for so many seconds, up to 604800; its user has to send the headers with it
---@field time? number|string seconds since 1970, or `"YYYYMMDDTHHMMSSZ"`; now, if it is not given
---@field double_encode? boolean encode the path again; true, except for `s3`, `s3-outposts`, `s3-object-lambda` and `s3express`
---@field normalize_path? boolean sign the path without // and ..; the same default

---Makes a signature (AWS Signature Version 4) for a request that another
---program sends.
---@param request headcount.sign.request
---@return table
function headcount.sign(request) end

---Seconds on a clock that never goes back, to measure durations.
---@return number
function headcount.now() end

---Runs a function; its calls, and the calls of the tasks that it spawns, run
---side by side.  The function gets `spawn`: `spawn(f, ...)` starts `f(...)` as
---a task and returns it, and `task:wait()` returns the results of f.  A call in
---a coroutine that the loop did not start blocks until its answer is there.
---
---An error in one task ends the loop: the other tasks are closed, their calls
---are ended, and the error is raised with its traceback.
---@param f function
---@return any
function headcount.loop(f) end

---Waits, while the other tasks of the loop and their calls go on.  Outside of
---a loop, and in a coroutine that the loop did not start, everything waits.
---In Lambda it ends at the deadline of the invocation.
---@param seconds number fractions are allowed; 0 lets the other tasks run
function headcount.sleep(seconds) end

-- What a policy finds.

---@class headcount.Cluster
---@field account string?
---@field arn string?
---@field count fun(self, filter?: table): integer
---@field event table?
---@field hosts fun(self, filter?: table): headcount.Host[]
---@field matches fun(self, glob: string): boolean
---@field name string?
---@field partition string?
---@field region string?
---@field registered number?
---@field services fun(self, filter?: table): headcount.Service[]
---@field status string?
---@field tags table<string, string>

---@class headcount.Host
---@field age number?
---@field agent_version string?
---@field arn string?
---@field attributes table<string, string>
---@field can_take fun(self, service: string): boolean?, string?
---@field connected boolean
---@field cpu number?
---@field cpu_remaining number?
---@field ec2_id string?
---@field id string?
---@field memory number?
---@field memory_remaining number?
---@field provider string?
---@field registered_at number?
---@field running_tasks number?
---@field tags table<string, string>
---@field zone string?

---@class headcount.Service
---@field arn string?
---@field deployments table[]
---@field desired number?
---@field distinct boolean
---@field launch_type string?
---@field name string?
---@field pending number?
---@field placeable number?
---@field placement_constraints table[]
---@field running number?
---@field scheduling_strategy string?
---@field status string?
---@field strategy table[]
---@field tags table<string, string>
---@field task_definition string?

---@class headcount.Wish

---@class headcount.per_host
---@field service? string
---@field tasks? integer
---@field where? string
---@field hosts? "active"|"registered"|"connected"
---@field min_age? number
---@field min? integer
---@field max? integer
---@field max_tasks? integer
---@field max_step_down? integer
---@field max_step_up? integer
---@field required? boolean
---@field external? boolean
---@field placeable? boolean
---@field ignore_constraints? boolean lets this hold pass
---@field allow_external? boolean lets this hold pass
---@field during_deployment? boolean lets this hold pass
---@field allow_disconnected? boolean lets this hold pass
---@field allow_empty_filter? boolean lets this hold pass
---@field allow_zero? boolean lets this hold pass
---@field allow_growth? boolean lets this hold pass
---@field allow_unknown_placement? boolean lets this hold pass
---@field allow_passed_over? boolean lets this hold pass
---@field allow_scalable_target? boolean lets this hold pass
---@field [integer] any the service first

---@param fields headcount.per_host
---@return headcount.Wish
function per_host(fields) end

---@class headcount.fixed
---@field service? string
---@field tasks? integer
---@field where? string
---@field hosts? "active"|"registered"|"connected"
---@field min_age? number
---@field min? integer
---@field max? integer
---@field max_tasks? integer
---@field max_step_down? integer
---@field max_step_up? integer
---@field required? boolean
---@field external? boolean
---@field ignore_constraints? boolean lets this hold pass
---@field allow_external? boolean lets this hold pass
---@field during_deployment? boolean lets this hold pass
---@field allow_disconnected? boolean lets this hold pass
---@field allow_empty_filter? boolean lets this hold pass
---@field allow_zero? boolean lets this hold pass
---@field allow_growth? boolean lets this hold pass
---@field allow_unknown_placement? boolean lets this hold pass
---@field allow_passed_over? boolean lets this hold pass
---@field allow_scalable_target? boolean lets this hold pass
---@field [integer] any the service first

---@param fields headcount.fixed
---@return headcount.Wish
function fixed(fields) end

---@class headcount.hosts_minus
---@field service? string
---@field spare? integer
---@field where? string
---@field hosts? "active"|"registered"|"connected"
---@field min_age? number
---@field min? integer
---@field max? integer
---@field max_tasks? integer
---@field max_step_down? integer
---@field max_step_up? integer
---@field required? boolean
---@field external? boolean
---@field placeable? boolean
---@field ignore_constraints? boolean lets this hold pass
---@field allow_external? boolean lets this hold pass
---@field during_deployment? boolean lets this hold pass
---@field allow_disconnected? boolean lets this hold pass
---@field allow_empty_filter? boolean lets this hold pass
---@field allow_zero? boolean lets this hold pass
---@field allow_growth? boolean lets this hold pass
---@field allow_unknown_placement? boolean lets this hold pass
---@field allow_passed_over? boolean lets this hold pass
---@field allow_scalable_target? boolean lets this hold pass
---@field [integer] any the service first

---@param fields headcount.hosts_minus
---@return headcount.Wish
function hosts_minus(fields) end

---@class headcount.percent
---@field service? string
---@field percent? number
---@field where? string
---@field hosts? "active"|"registered"|"connected"
---@field min_age? number
---@field min? integer
---@field max? integer
---@field max_tasks? integer
---@field max_step_down? integer
---@field max_step_up? integer
---@field required? boolean
---@field external? boolean
---@field placeable? boolean
---@field ignore_constraints? boolean lets this hold pass
---@field allow_external? boolean lets this hold pass
---@field during_deployment? boolean lets this hold pass
---@field allow_disconnected? boolean lets this hold pass
---@field allow_empty_filter? boolean lets this hold pass
---@field allow_zero? boolean lets this hold pass
---@field allow_growth? boolean lets this hold pass
---@field allow_unknown_placement? boolean lets this hold pass
---@field allow_passed_over? boolean lets this hold pass
---@field allow_scalable_target? boolean lets this hold pass
---@field [integer] any the service first

---@param fields headcount.percent
---@return headcount.Wish
function percent(fields) end

---@class headcount.linear
---@field service? string
---@field hosts_per_task? number
---@field cpu_per_task? number
---@field memory_per_task? number
---@field base? integer
---@field step? integer
---@field where? string
---@field hosts? "active"|"registered"|"connected"
---@field min_age? number
---@field min? integer
---@field max? integer
---@field max_tasks? integer
---@field max_step_down? integer
---@field max_step_up? integer
---@field required? boolean
---@field external? boolean
---@field placeable? boolean
---@field ignore_constraints? boolean lets this hold pass
---@field allow_external? boolean lets this hold pass
---@field during_deployment? boolean lets this hold pass
---@field allow_disconnected? boolean lets this hold pass
---@field allow_empty_filter? boolean lets this hold pass
---@field allow_zero? boolean lets this hold pass
---@field allow_growth? boolean lets this hold pass
---@field allow_unknown_placement? boolean lets this hold pass
---@field allow_passed_over? boolean lets this hold pass
---@field allow_scalable_target? boolean lets this hold pass
---@field [integer] any the service first

---@param fields headcount.linear
---@return headcount.Wish
function linear(fields) end

---@class headcount.ladder
---@field service? string
---@field cpu? number[][]
---@field where? string
---@field hosts? "active"|"registered"|"connected"
---@field min_age? number
---@field min? integer
---@field max? integer
---@field max_tasks? integer
---@field max_step_down? integer
---@field max_step_up? integer
---@field required? boolean
---@field external? boolean
---@field placeable? boolean
---@field ignore_constraints? boolean lets this hold pass
---@field allow_external? boolean lets this hold pass
---@field during_deployment? boolean lets this hold pass
---@field allow_disconnected? boolean lets this hold pass
---@field allow_empty_filter? boolean lets this hold pass
---@field allow_zero? boolean lets this hold pass
---@field allow_growth? boolean lets this hold pass
---@field allow_unknown_placement? boolean lets this hold pass
---@field allow_passed_over? boolean lets this hold pass
---@field allow_scalable_target? boolean lets this hold pass
---@field [integer] any the service first

---@param fields headcount.ladder
---@return headcount.Wish
function ladder(fields) end

---@class headcount.defaults
---@field where? string
---@field hosts? "active"|"registered"|"connected"
---@field min_age? number
---@field min? integer
---@field max? integer
---@field max_tasks? integer
---@field max_step_down? integer
---@field max_step_up? integer
---@field required? boolean
---@field external? boolean
---@field placeable? boolean
---@field ignore_constraints? boolean lets this hold pass
---@field allow_external? boolean lets this hold pass
---@field during_deployment? boolean lets this hold pass
---@field allow_disconnected? boolean lets this hold pass
---@field allow_empty_filter? boolean lets this hold pass
---@field allow_zero? boolean lets this hold pass
---@field allow_growth? boolean lets this hold pass
---@field allow_unknown_placement? boolean lets this hold pass
---@field allow_passed_over? boolean lets this hold pass
---@field allow_scalable_target? boolean lets this hold pass
---@field [integer] any the service first

---@param fields headcount.defaults
function defaults(fields) end

---@param fields { changes?: integer, falls?: integer, expect_account?: string }
function limits(fields) end

return headcount
