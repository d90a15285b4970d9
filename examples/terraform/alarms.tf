# Metrics are in the namespace headcount, one line of the log an invocation.

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.name}-failed"
  alarm_description   = "headcount could not do its work for a cluster or a service; its log says for which and what to do"
  namespace           = "headcount"
  metric_name         = "Failed"
  dimensions          = { FunctionName = aws_lambda_function.headcount.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "held" {
  alarm_name          = "${var.name}-held"
  alarm_description   = "For half an hour a safety rule has held a count that is not what the rule calls for; the log has its code"
  namespace           = "headcount"
  metric_name         = "Held"
  dimensions          = { FunctionName = aws_lambda_function.headcount.function_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 6
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

# Three sweeps without one that went well, or without any.
resource "aws_cloudwatch_metric_alarm" "silent" {
  alarm_name          = "${var.name}-silent"
  alarm_description   = "headcount has done nothing with success for fifteen minutes: is the schedule on, does the function begin, are its calls allowed?"
  namespace           = "headcount"
  metric_name         = "LastSuccess"
  dimensions          = { FunctionName = aws_lambda_function.headcount.function_name }
  statistic           = "SampleCount"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "Events could not be delivered, or failed ten times; they lie in the queue of dead letters"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}
