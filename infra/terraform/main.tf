# What ../main.bicep deploys, in the same words: AzAPI takes ARM's own types, versions and names. AzureRM is not used, since its
# azurerm_function_app_flex_consumption adds an AzureWebJobsStorage connection string where storage is reached by identity
# (hashicorp/terraform-provider-azurerm, issues 29149 and 29693). No value of a secret passes through Terraform or its state.
terraform {
  required_version = ">= 1.9"

  required_providers {
    azapi = {
      source  = "Azure/azapi"
      version = "~> 2.9"
    }
  }
}

provider "azapi" {}

data "azapi_client_config" "current" {}

locals {
  token            = substr(sha256("${data.azapi_client_config.current.subscription_id}/${var.environment_name}/${var.location}"), 0, 13)
  role_definitions = "/subscriptions/${data.azapi_client_config.current.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
  is_function      = var.host == "function"
  is_user_assigned = var.identity == "UserAssigned"
  client_id        = local.is_user_assigned ? azapi_resource.user[0].output.properties.clientId : ""
  principal_id     = local.is_user_assigned ? azapi_resource.user[0].output.properties.principalId : azapi_resource.site.identity[0].principal_id

  # Key Vault Secrets Officer: may put secrets. For a person, never for the app.
  secrets_officer = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
  # Key Vault Secrets User: may read values.
  secrets_user = "4633458b-17de-408a-b874-0445c86b69e6"
  # The host's blobs, leases of timers, and the deployed package.
  blob_data_owner = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
  # Sending telemetry.
  metrics_publisher = "3913510d-42f4-4e42-8a64-420c390055eb"
}

resource "azapi_resource" "group" {
  type     = "Microsoft.Resources/resourceGroups@2025-04-01"
  name     = "rg-${var.environment_name}"
  location = var.location
}

output "vault_name" {
  value = azapi_resource.vault.name
}

output "app_name" {
  value = azapi_resource.site.name
}

output "app_url" {
  value = "https://${azapi_resource.site.output.properties.defaultHostName}"
}
