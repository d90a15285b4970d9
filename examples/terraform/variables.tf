variable "name" {
  description = "What everything here is called"
  type        = string
  default     = "headcount"
}

variable "package" {
  description = "Zip file with the binary as bootstrap, and a policy beside it"
  type        = string
}

variable "cluster_arns" {
  description = "Full ARNs of the clusters of this region that it looks after"
  type        = list(string)

  validation {
    condition     = length(var.cluster_arns) > 0
    error_message = "Name at least one cluster, by its full ARN."
  }

  validation {
    condition = alltrue([
      for arn in var.cluster_arns :
      can(regex("^arn:[^:]+:ecs:[^:]+:[0-9]{12}:cluster/[^, ]+$", arn))
    ])
    error_message = "Each cluster is named by its full ARN."
  }
}

variable "service_arns" {
  description = "Full ARNs of what is kept at one task a host; [] = the policy"
  type        = list(string)
  default     = []

  validation {
    condition = alltrue([
      for arn in var.service_arns :
      can(regex("^arn:[^:]+:ecs:[^:]+:[0-9]{12}:service/[^/, ]+/[^/, ]+$", arn))
    ])
    error_message = "Each service is named by its full ARN, cluster and all."
  }
}

variable "policy" {
  description = "The policy in the zip, or \"tags\"; not used with service_arns"
  type        = string
  default     = "/var/task/policy.lua"
}

variable "alarm_topic_arns" {
  description = "SNS topics that alarms go to"
  type        = list(string)
  default     = []
}

variable "log_retention_days" {
  description = "How long the log is kept, in days"
  type        = number
  default     = 30
}
