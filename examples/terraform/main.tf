# headcount as a Lambda function: events and sweeps through one queue.  The
# same as examples/lambda/template.yaml, where the drawing is.
#
#   make lambda POLICY=examples/policies/opt_in.lua
#   cd examples/terraform && terraform init
#   terraform apply -var package=../../build/lambda/headcount-arm64.zip \
#       -var 'cluster_arns=["arn:aws:ecs:..."]'
#
# Once in each region that has clusters.  Services that headcount keeps need
# `lifecycle { ignore_changes = [desired_count] }` where Terraform made them,
# or each apply sets the count back.

locals {
  # "arn:PARTITION:ecs:REGION:ACCOUNT" of the clusters.
  ecs       = join(":", slice(split(":", var.cluster_arns[0]), 0, 5))
  account   = split(":", var.cluster_arns[0])[4]
  by_policy = length(var.service_arns) == 0
  services  = local.by_policy ? ["${local.ecs}:service/*"] : var.service_arns

  # Maps, not objects: the two have to be of one type.
  policy_env   = tomap({ HEADCOUNT_POLICY = var.policy })
  services_env = tomap({ ECS_SERVICE_ARN = join(",", var.service_arns) })
}

# ---- what comes in ----

# A host that comes makes many events, and each task that is placed on it one
# more: the queue collects them, and each cluster of a batch is looked at once.
resource "aws_sqs_queue" "queue" {
  name = var.name
  # Six times the function's timeout, and the window: AWS's own rule.
  visibility_timeout_seconds = 365
  message_retention_seconds  = 86400
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    # A batch that finds the one writer busy counts as a try, so this is far
    # above the number of failures that anybody waits for.
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

# Without the filter every cluster of the account would call the function.
resource "aws_cloudwatch_event_rule" "hosts" {
  name        = "${var.name}-hosts"
  description = "Hosts of headcount's clusters that come, drain or go"

  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Container Instance State Change"]
    detail      = { clusterArn = var.cluster_arns }
  })
}

resource "aws_cloudwatch_event_target" "queue" {
  rule = aws_cloudwatch_event_rule.hosts.name
  arn  = aws_sqs_queue.queue.arn

  # What is an hour old has been seen by twelve sweeps.
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}

# Events get lost, and changed attributes make none: the sweep repairs it.  It
# goes through the queue, so that it waits for its turn and meets the events of
# the same clusters.
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
    input    = jsonencode({ clusters = var.cluster_arns })

    # The next sweep does the same.
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

  # One writer a region: of two that look at one cluster at once, the slower
  # could write what it read earlier.  This is the limit that makes it one.
  # maximum_concurrency below cannot (AWS takes 2 or more); it keeps the poller
  # from holding more than one batch that has to wait.  A FIFO queue would also
  # run one at a time, but has no window to collect events in, and one cluster
  # that fails would block all others.  (An account whose whole limit is still
  # 10 cannot reserve any: ask for more, or take this line out and trust the
  # sweep.)
  reserved_concurrent_executions = 1

  logging_config {
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.log.name
  }

  environment {
    variables = local.by_policy ? local.policy_env : local.services_env
  }
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn = aws_sqs_queue.queue.arn
  function_name    = aws_lambda_function.headcount.arn
  # A change waits five seconds at most for others of its kind.
  batch_size                         = 100
  maximum_batching_window_in_seconds = 5
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }

  # The poller needs it from the start.
  depends_on = [aws_iam_role_policy.function]
}

resource "aws_cloudwatch_log_group" "log" {
  name              = "/headcount/${var.name}"
  retention_in_days = var.log_retention_days
}
