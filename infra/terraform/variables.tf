variable "environment_name" {
  description = "Name of the environment: of its resource group, and the seed of all other names."
  type        = string
}

variable "location" {
  description = "Region of everything."
  type        = string
}

variable "host" {
  description = "What runs: a Function App on Flex Consumption, or a web app on Linux."
  type        = string
  default     = "function"

  validation {
    condition     = contains(["function", "web"], var.host)
    error_message = "host is function or web."
  }
}

variable "identity" {
  description = "Whose identity reads the secrets: the app's own, or one that outlives it."
  type        = string
  default     = "SystemAssigned"

  validation {
    condition     = contains(["SystemAssigned", "UserAssigned"], var.identity)
    error_message = "identity is SystemAssigned or UserAssigned."
  }
}

variable "secrets" {
  description = "App settings that are secrets: name of the setting, name of the secret. Each becomes a reference, and a right to read this one secret."
  type        = map(string)
  default     = {}
}

variable "platform_secrets" {
  description = "The same for settings that the platform resolves itself (it shows their values in Kudu)."
  type        = map(string)
  default     = {}
}

variable "settings" {
  description = "Further app settings: plain values or templates; no secrets."
  type        = map(string)
  default     = {}
}

variable "secret_events" {
  description = "Events of the vault to the function secretChanged. Only once the code is deployed: the function must exist."
  type        = bool
  default     = false
}

variable "officer_id" {
  description = "Object id of the person who puts secrets into the vault; nobody when empty."
  type        = string
  default     = ""
}

variable "action_group_ids" {
  description = "What alerts call: resource ids of action groups. Without any they show in the portal only."
  type        = list(string)
  default     = []
}

variable "node_version" {
  description = "Node on App Service and Functions: 22 or newer."
  type        = string
  default     = "24"
}

variable "web_sku" {
  description = "Plan of the web app."
  type        = string
  default     = "B1"
}
