output "function_name" {
  value = aws_lambda_function.headcount.function_name
}

output "queue_url" {
  value = aws_sqs_queue.queue.url
}

output "dead_letters_url" {
  value = aws_sqs_queue.dead_letters.url
}
