# headcount writes its metrics to the namespace headcount, with one line of the
# log for each invocation.
#
# Each alarm waits for two datapoints or more: nobody is paged for a failure
# that the next sweep repairs.  Sweeps start up to a minute late, so a period of
# five minutes may have none and its neighbour two.  Hence two of three such
# periods, where one without data counts as good; or periods of ten minutes,
# which always have a sweep.

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.name}-failed"
  alarm_description   = "headcount failed twice within a quarter of an hour at a cluster or a service; its log names it and says what to do"
  namespace           = "headcount"
  metric_name         = "Failed"
  dimensions          = { FunctionName = aws_lambda_function.headcount.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "missing_services" {
  alarm_name          = "${var.name}-missing-services"
  alarm_description   = "No cluster has a service that service_arns names; the log has its name and the nearest one that exists"
  namespace           = "headcount"
  metric_name         = "MissingServices"
  dimensions          = { FunctionName = aws_lambda_function.headcount.function_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "held" {
  alarm_name          = "${var.name}-held"
  alarm_description   = "For half an hour a safety check has held a count that is not the count its rule calls for; the log has the code"
  namespace           = "headcount"
  metric_name         = "Held"
  dimensions          = { FunctionName = aws_lambda_function.headcount.function_name }
  statistic           = "Maximum"
  period              = 600
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "foreign_events" {
  alarm_name          = "${var.name}-foreign-events"
  alarm_description   = "Events of another region or account come to headcount's queue; the log has their names. Is a rule of another region wrong?"
  namespace           = "headcount"
  metric_name         = "ForeignEvents"
  dimensions          = { FunctionName = aws_lambda_function.headcount.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "too_many_changes" {
  alarm_name          = "${var.name}-too-many-changes"
  alarm_description   = "headcount holds writes, because a run reached its limit of changes or falls; the log says how many wait. Is the policy right?"
  namespace           = "headcount"
  metric_name         = "TooManyChanges"
  dimensions          = { FunctionName = aws_lambda_function.headcount.function_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

# A failed invocation writes no LastSuccess, so a missing datapoint is what this
# alarm looks for.  FILL makes it a 0: CloudWatch would otherwise reach back for
# older datapoints first.
resource "aws_cloudwatch_metric_alarm" "silent" {
  alarm_name          = "${var.name}-silent"
  alarm_description   = "headcount has succeeded at nothing for twenty minutes. Is the schedule on, does the function start, are its calls allowed?"
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns

  metric_query {
    id          = "filled"
    expression  = "FILL(success, 0)"
    return_data = true
  }

  metric_query {
    id = "success"

    metric {
      namespace   = "headcount"
      metric_name = "LastSuccess"
      dimensions  = { FunctionName = aws_lambda_function.headcount.function_name }
      stat        = "SampleCount"
      period      = 600
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "The queue of dead letters has events that could not be delivered or that failed ten times"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

# AWS charges for more than three dashboards.
resource "aws_cloudwatch_dashboard" "overview" {
  count          = var.dashboard ? 1 : 0
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [
      {
        type = "metric", x = 0, y = 0, width = 12, height = 6
        properties = {
          title = "Services", region = split(":", var.cluster_arns[0])[3], stat = "Maximum", period = 300
          metrics = [
            ["headcount", "Updated", "FunctionName", aws_lambda_function.headcount.function_name, { stat = "Sum" }],
            [".", "Held", ".", "."],
            [".", "Failed", ".", "."],
            [".", "MissingServices", ".", "."],
          ]
        }
      },
      {
        type = "metric", x = 12, y = 0, width = 12, height = 6
        properties = {
          title = "Queue and dead letters", region = split(":", var.cluster_arns[0])[3], stat = "Maximum", period = 300
          metrics = [
            ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", aws_sqs_queue.queue.name],
            [".", "ApproximateNumberOfMessagesVisible", ".", aws_sqs_queue.dead_letters.name],
          ]
        }
      },
      {
        type = "log", x = 0, y = 6, width = 24, height = 8
        properties = {
          title = "Counts that were written", region = split(":", var.cluster_arns[0])[3], view = "table"
          query = "SOURCE '${aws_cloudwatch_log_group.log.name}' | fields @timestamp, cluster, service, before, after, reason | filter event = 'write' | sort @timestamp desc | limit 50"
        }
      },
    ]
  })
}
