# The vault, and who asked it for what.
resource "azapi_resource" "workspace" {
  type      = "Microsoft.OperationalInsights/workspaces@2025-02-01"
  parent_id = azapi_resource.group.id
  name      = "log-${local.token}"
  location  = var.location

  body = {
    properties = {
      sku = {
        name = "PerGB2018"
      }
      retentionInDays = 90
      features = {
        disableLocalAuth                            = true
        enableLogAccessUsingOnlyResourcePermissions = true
      }
    }
  }
}

resource "azapi_resource" "vault" {
  type      = "Microsoft.KeyVault/vaults@2024-11-01"
  parent_id = azapi_resource.group.id
  name      = "kv-${local.token}"
  location  = var.location

  body = {
    properties = {
      tenantId = data.azapi_client_config.current.tenant_id
      sku = {
        family = "A"
        name   = "standard"
      }
      enableRbacAuthorization      = true
      enableSoftDelete             = true
      softDeleteRetentionInDays    = 90
      enablePurgeProtection        = true
      enabledForDeployment         = false
      enabledForDiskEncryption     = false
      enabledForTemplateDeployment = false
      publicNetworkAccess          = "Enabled"
    }
  }
}

# Table AZKVAuditLogs.
resource "azapi_resource" "audit" {
  type      = "Microsoft.Insights/diagnosticSettings@2021-05-01-preview"
  parent_id = azapi_resource.vault.id
  name      = "audit"

  body = {
    properties = {
      workspaceId                 = azapi_resource.workspace.id
      logAnalyticsDestinationType = "Dedicated"
      logs = [
        {
          category = "AuditEvent"
          enabled  = true
        }
      ]
    }
  }
}

resource "azapi_resource" "officer" {
  count     = var.officer_id == "" ? 0 : 1
  type      = "Microsoft.Authorization/roleAssignments@2022-04-01"
  parent_id = azapi_resource.vault.id
  name      = uuidv5("url", "${azapi_resource.vault.id}/${var.officer_id}/${local.secrets_officer}")

  body = {
    properties = {
      roleDefinitionId = "${local.role_definitions}/${local.secrets_officer}"
      principalId      = var.officer_id
    }
  }
}
