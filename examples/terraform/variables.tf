variable "name" {
  description = "Name of the function; all other names begin with it"
  type        = string
  default     = "headcount"
}

variable "package" {
  description = "Path of the zip file: the binary as bootstrap, and a policy"
  type        = string
}

variable "cluster_arns" {
  description = <<-EOT
    Full ARNs of this region's clusters that headcount looks after.
    EventBridge allows 2,048 characters for the rule's pattern: 29 clusters
    fit if their names have 20 characters, 6 if they have 255 (eu-west-1).
  EOT
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
  description = <<-EOT
    Full ARNs (service/CLUSTER/NAME) of the services that headcount keeps at
    one task on each host.  If it is empty, the policy decides.  Lambda's
    environment (4,096 bytes) holds 30 services beside 15 clusters if all names
    have 20 characters (eu-west-1).
  EOT
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
  description = <<-EOT
    Path of the policy in the package; or "tags", and the services' own
    headcount:* tags decide.  Not used with service_arns.
  EOT
  type        = string
  default     = "/var/task/policy.lua"
}

variable "reserved_concurrency" {
  description = <<-EOT
    1 makes the function the only writer.  AWS refuses to reserve any
    concurrency where the account's limit is 10, as in many new accounts: set
    it to null there.  Two environments may then run at once, and the slower
    one may write an older count, which stays until the next sweep.  The
    variable verify closes that gap unless one of them crashes, and is on where
    this is null.
  EOT
  type        = number
  default     = 1

  validation {
    condition     = coalesce(var.reserved_concurrency, 1) == 1
    error_message = "Reserve 1, or null for an account that can reserve none."
  }
}

variable "verify" {
  description = <<-EOT
    "on": after a write headcount lists the hosts once more, and goes on if the
    count that follows is another one; "off": it does not.  If it is null, it
    is on where reserved_concurrency is null, and off elsewhere.
  EOT
  type        = string
  default     = null

  validation {
    condition     = contains(["on", "off"], coalesce(var.verify, "off"))
    error_message = "It is \"on\", \"off\" or null."
  }
}

variable "dashboard" {
  description = <<-EOT
    If it is true, a dashboard of CloudWatch shows what headcount wrote, held
    and failed, and its queue.  AWS charges for more than three of them.
  EOT
  type        = bool
  default     = false
}

variable "dry_run" {
  description = <<-EOT
    If it is true, headcount reads, reports and logs, and holds every write
    (code "paused").  The alarm on held writes goes off while a count is wrong.
  EOT
  type        = bool
  default     = false
}

variable "drop_foreign_events" {
  description = <<-EOT
    If it is true, headcount drops events of another region or account.  If it
    is false, they go to the queue of dead letters after ten tries.
  EOT
  type        = bool
  default     = false
}

variable "max_changes" {
  description = <<-EOT
    headcount writes the counts of at most this number of services in one
    sweep, or for the events of ten minutes; null for no limit.  It holds every
    further write (code "too_many_changes").  Where each service runs once per
    host, one host that leaves changes them all.
  EOT
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.max_changes, 1) >= 1
    error_message = "A limit is 1 or more; null is none."
  }
}

variable "max_falls" {
  description = <<-EOT
    headcount takes away at most this number of tasks in one sweep, or for the
    events of ten minutes; null for no limit.
  EOT
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.max_falls, 1) >= 1
    error_message = "A limit is 1 or more; null is none."
  }
}

variable "expect_account" {
  description = <<-EOT
    headcount writes only in this account, 12 digits: it fails a cluster for
    which ECS answers with another one; null for any account.
  EOT
  type        = string
  default     = null

  validation {
    condition     = can(regex("^[0-9]{12}$", coalesce(var.expect_account, "123456789012")))
    error_message = "An account is 12 digits; null is any."
  }
}

variable "limit_updates" {
  description = <<-EOT
    If it is true, the role may call UpdateService only without a task
    definition, execute command or network settings.  Not tried on AWS: if AWS
    then denies the plain change of a count too, set it back to false.
  EOT
  type        = bool
  default     = false
}

variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that alarms notify"
  type        = list(string)
  default     = []
}

variable "log_retention_days" {
  description = "CloudWatch keeps the log this number of days"
  type        = number
  default     = 30
}
