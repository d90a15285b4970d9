# headcount as a Lambda function: events and sweeps go through one queue.
# examples/lambda/template.yaml makes the same, and has a drawing of it.
#
#   make lambda POLICY=examples/policies/opt_in.lua
#   cd examples/terraform && terraform init
#   terraform apply -var package=../../build/lambda/headcount-arm64.zip \
#       -var 'cluster_arns=["arn:aws:ecs:..."]'
#
# Apply it once in each region that has clusters.  A service that headcount
# keeps needs `lifecycle { ignore_changes = [desired_count] }` where Terraform
# made it, or each apply sets its count back.

locals {
  # "arn:PARTITION:ecs:REGION:ACCOUNT" of the clusters.
  ecs       = join(":", slice(split(":", var.cluster_arns[0]), 0, 5))
  account   = split(":", var.cluster_arns[0])[4]
  by_policy = length(var.service_arns) == 0
  services  = local.by_policy ? ["${local.ecs}:service/*"] : var.service_arns

  # Without a reservation there may be two writers.
  default_verify = var.reserved_concurrency == null ? "on" : null

  # The function's environment.  A variable that is null is not set.
  environment = {
    for name, value in {
      HEADCOUNT_CLUSTERS     = join(",", var.cluster_arns)
      ECS_SERVICE_ARN        = local.by_policy ? null : join(",", var.service_arns)
      HEADCOUNT_POLICY       = local.by_policy ? var.policy : null
      HEADCOUNT_DRY_RUN      = var.dry_run ? "1" : null
      HEADCOUNT_DROP_FOREIGN = var.drop_foreign_events ? "1" : null
      HEADCOUNT_VERIFY       = var.verify != null ? var.verify : local.default_verify
      HEADCOUNT_MAX_CHANGES  = tostring(var.max_changes)
      HEADCOUNT_MAX_FALLS    = tostring(var.max_falls)

      HEADCOUNT_EXPECT_ACCOUNT = var.expect_account
    } : name => value if value != null
  }
}

# ---- events and sweeps ----

# A new host makes many events, and each task that ECS places on it makes one
# more.  The queue collects them, and headcount looks at each cluster of a batch
# once.
resource "aws_sqs_queue" "queue" {
  name = var.name
  # AWS recommends six times the function's timeout, plus the batching window.
  visibility_timeout_seconds = 365
  message_retention_seconds  = 86400
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    # A batch that finds the one writer busy counts as a try, so this number is
    # far above the failures that an operator would wait for.
    maxReceiveCount = 10
  })
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.name}-dead-letters"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

data "aws_iam_policy_document" "queue" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.queue.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.hosts.arn]
    }
  }
}

data "aws_iam_policy_document" "dead_letters" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead_letters.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.hosts.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "queue" {
  queue_url = aws_sqs_queue.queue.id
  policy    = data.aws_iam_policy_document.queue.json
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id
  policy    = data.aws_iam_policy_document.dead_letters.json
}

# Without the filter, hosts of every cluster in the account would call the
# function.
resource "aws_cloudwatch_event_rule" "hosts" {
  name        = "${var.name}-hosts"
  description = "Hosts of headcount's clusters register, drain or leave"

  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Container Instance State Change"]
    detail      = { clusterArn = var.cluster_arns }
  })
}

resource "aws_cloudwatch_event_target" "queue" {
  rule = aws_cloudwatch_event_rule.hosts.name
  arn  = aws_sqs_queue.queue.arn

  # Twelve sweeps have made an event of an hour ago useless.
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}

# Events can get lost, and changed attributes make none: the sweep repairs both.
# It goes through the queue, so that it waits for the one writer.
resource "aws_scheduler_schedule" "sweep" {
  name                = "${var.name}-sweep"
  description         = "All of headcount's clusters"
  schedule_expression = "rate(5 minutes)"

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 1
  }

  target {
    arn      = aws_sqs_queue.queue.arn
    role_arn = aws_iam_role.sweep.arn
    # An event that names no cluster: the function sweeps HEADCOUNT_CLUSTERS.
    input = jsonencode({
      source      = "aws.scheduler"
      detail-type = "Scheduled Event"
      detail      = {}
    })

    # The next sweep does the same work.
    retry_policy {
      maximum_retry_attempts       = 5
      maximum_event_age_in_seconds = 300
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }
}

# ---- the function ----

resource "aws_lambda_function" "headcount" {
  function_name    = var.name
  description      = "Keeps ECS services at the count their cluster calls for"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  runtime          = "provided.al2023"
  architectures    = ["arm64"]
  handler          = "bootstrap"
  memory_size      = 128
  timeout          = 60
  role             = aws_iam_role.function.arn

  # One writer per region: if two look at one cluster at once, the slower one
  # could write an older count.  This limit makes it one.  maximum_concurrency
  # below cannot (AWS takes 2 or more); it keeps the poller from holding more
  # than one batch that has to wait.  A FIFO queue would also run one batch at a
  # time, but it has no window to collect events in, and one cluster that fails
  # would block all others.
  reserved_concurrent_executions = var.reserved_concurrency

  logging_config {
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.log.name
  }

  environment {
    variables = local.environment
  }
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn = aws_sqs_queue.queue.arn
  function_name    = aws_lambda_function.headcount.arn
  # An event waits five seconds at most for others to join its batch.
  batch_size                         = 100
  maximum_batching_window_in_seconds = 5
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }

  # The poller needs the role's permissions from the start.
  depends_on = [aws_iam_role_policy.function]
}

resource "aws_cloudwatch_log_group" "log" {
  name              = "/headcount/${var.name}"
  retention_in_days = var.log_retention_days
}
