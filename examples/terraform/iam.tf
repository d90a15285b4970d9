# The role allows the calls that headcount makes, and nothing else.

locals {
  # A request of UpdateService that sets one of these is not headcount's.
  foreign_updates = var.limit_updates ? [
    "ecs:task-definition",
    "ecs:enable-execute-command",
    "ecs:subnet",
    "ecs:auto-assign-public-ip",
  ] : []
}

data "aws_iam_policy_document" "function" {
  statement {
    sid       = "Services"
    actions   = ["ecs:DescribeServices", "ecs:UpdateService"]
    resources = local.services

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = var.cluster_arns
    }

    dynamic "condition" {
      for_each = local.foreign_updates

      content {
        test     = "Null"
        variable = condition.value
        values   = ["true"]
      }
    }
  }

  statement {
    sid       = "Clusters"
    actions   = ["ecs:DescribeClusters", "ecs:ListContainerInstances"]
    resources = var.cluster_arns
  }

  statement {
    sid = "Hosts"
    actions = [
      "ecs:DescribeContainerInstances",
      "ecs:ListTasks",
      "ecs:DescribeTasks",
    ]
    resources = ["${local.ecs}:container-instance/*", "${local.ecs}:task/*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = var.cluster_arns
    }
  }

  # Needed for services with a capacity provider strategy.
  statement {
    sid       = "Providers"
    actions   = ["ecs:DescribeCapacityProviders"]
    resources = ["${local.ecs}:capacity-provider/*"]
  }

  # Likewise: which hosts can take a task of such a service?
  statement {
    sid       = "Definitions"
    actions   = ["ecs:DescribeTaskDefinition"]
    resources = ["*"]
  }

  # If a cluster is gone, the error names those that exist.
  statement {
    sid       = "Names"
    actions   = ["ecs:ListClusters"]
    resources = ["*"]
  }

  statement {
    sid = "Queue"
    actions = [
      "sqs:ReceiveMessage",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
    ]
    resources = [aws_sqs_queue.queue.arn]
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.log.arn}:*"]
  }
}

# Only a policy needs these calls.  They work on no resource that IAM could
# name, and only the first knows a condition.
data "aws_iam_policy_document" "by_policy" {
  statement {
    sid       = "PolicyLists"
    actions   = ["ecs:ListServices"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = var.cluster_arns
    }
  }

  statement {
    sid = "PolicyReads"
    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "tag:GetResources",
    ]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "function_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  name_prefix        = "${var.name}-"
  assume_role_policy = data.aws_iam_policy_document.function_trust.json
}

resource "aws_iam_role_policy" "function" {
  name   = "headcount"
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.function.json
}

resource "aws_iam_role_policy" "by_policy" {
  count  = local.by_policy ? 1 : 0
  name   = "headcount-by-policy"
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.by_policy.json
}

# ---- the schedule's role ----

data "aws_iam_policy_document" "sweep" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.queue.arn, aws_sqs_queue.dead_letters.arn]
  }
}

data "aws_iam_policy_document" "sweep_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "sweep" {
  name_prefix        = "${var.name}-sweep-"
  assume_role_policy = data.aws_iam_policy_document.sweep_trust.json
}

resource "aws_iam_role_policy" "sweep" {
  name   = "send"
  role   = aws_iam_role.sweep.id
  policy = data.aws_iam_policy_document.sweep.json
}
