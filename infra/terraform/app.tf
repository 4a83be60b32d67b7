# The app, its identity, and what it runs on. No key, no connection string: storage and telemetry by identity, too.
locals {
  reference_settings = merge(
    { for setting, secret in var.secrets : setting => "@KeyVault(VaultName=${azapi_resource.vault.name};SecretName=${secret})" },
    { for setting, secret in var.platform_secrets : setting => "@Microsoft.KeyVault(VaultName=${azapi_resource.vault.name};SecretName=${secret})" }
  )
  # By this convention the app, the SDKs and vaultstrap know which identity is meant.
  identity_settings = local.is_user_assigned ? { AZURE_CLIENT_ID = local.client_id } : {}
  storage_settings  = local.is_function ? { AzureWebJobsStorage__accountName = azapi_resource.storage[0].name } : {}
  storage_identity_settings = local.is_function && local.is_user_assigned ? {
    AzureWebJobsStorage__credential = "managedidentity"
    AzureWebJobsStorage__clientId   = local.client_id
  } : {}
  # An address, and no secret: without local authentication the key in it opens nothing.
  telemetry_settings = {
    APPLICATIONINSIGHTS_CONNECTION_STRING     = azapi_resource.insights.output.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = local.is_user_assigned ? "ClientId=${local.client_id};Authorization=AAD" : "Authorization=AAD"
  }
  web_settings = local.is_function ? {} : { SCM_DO_BUILD_DURING_DEPLOYMENT = "true" }
  all_settings = merge(
    var.settings,
    local.reference_settings,
    local.identity_settings,
    local.storage_settings,
    local.storage_identity_settings,
    local.telemetry_settings,
    local.web_settings
  )
}

resource "azapi_resource" "user" {
  count     = local.is_user_assigned ? 1 : 0
  type      = "Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30"
  parent_id = azapi_resource.group.id
  name      = "id-${local.token}"
  location  = var.location

  response_export_values = ["properties.clientId", "properties.principalId"]
}

resource "azapi_resource" "storage" {
  count     = local.is_function ? 1 : 0
  type      = "Microsoft.Storage/storageAccounts@2025-01-01"
  parent_id = azapi_resource.group.id
  name      = "st${local.token}"
  location  = var.location

  body = {
    kind = "StorageV2"
    sku = {
      name = "Standard_LRS"
    }
    properties = {
      allowBlobPublicAccess        = false
      allowSharedKeyAccess         = false
      allowCrossTenantReplication  = false
      defaultToOAuthAuthentication = true
      minimumTlsVersion            = "TLS1_2"
      supportsHttpsTrafficOnly     = true
      publicNetworkAccess          = "Enabled"
    }
  }

  response_export_values = ["properties.primaryEndpoints.blob"]
}

# There from the beginning; changed, not created.
resource "azapi_update_resource" "blobs" {
  count     = local.is_function ? 1 : 0
  type      = "Microsoft.Storage/storageAccounts/blobServices@2025-01-01"
  parent_id = azapi_resource.storage[0].id
  name      = "default"

  body = {
    properties = {
      deleteRetentionPolicy = {
        enabled = true
        days    = 7
      }
    }
  }
}

resource "azapi_resource" "packages" {
  count     = local.is_function ? 1 : 0
  type      = "Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01"
  parent_id = azapi_update_resource.blobs[0].id
  name      = "app-package"

  body = {
    properties = {
      publicAccess = "None"
    }
  }
}

resource "azapi_resource" "insights" {
  type      = "Microsoft.Insights/components@2020-02-02"
  parent_id = azapi_resource.group.id
  name      = "appi-${local.token}"
  location  = var.location

  body = {
    kind = "web"
    properties = {
      Application_Type    = "web"
      WorkspaceResourceId = azapi_resource.workspace.id
      DisableLocalAuth    = true
    }
  }

  response_export_values = ["properties.ConnectionString"]
}

resource "azapi_resource" "plan" {
  type      = "Microsoft.Web/serverfarms@2024-11-01"
  parent_id = azapi_resource.group.id
  name      = "plan-${local.token}"
  location  = var.location

  body = {
    kind = local.is_function ? "functionapp" : "linux"
    sku  = { for key, value in { name = local.is_function ? "FC1" : var.web_sku, tier = local.is_function ? "FlexConsumption" : null } : key => value if value != null }
    properties = {
      reserved = true
    }
  }
}

resource "azapi_resource" "site" {
  type      = "Microsoft.Web/sites@2024-11-01"
  parent_id = azapi_resource.group.id
  name      = "app-${local.token}"
  location  = var.location
  tags      = { "azd-service-name" = "app" }

  identity {
    type         = var.identity
    identity_ids = azapi_resource.user[*].id
  }

  body = {
    kind = local.is_function ? "functionapp,linux" : "app,linux"
    properties = merge(
      {
        serverFarmId              = azapi_resource.plan.id
        httpsOnly                 = true
        keyVaultReferenceIdentity = local.is_user_assigned ? azapi_resource.user[0].id : "SystemAssigned"
        siteConfig = merge(
          {
            minTlsVersion = "1.2"
            appSettings   = [for name in sort(keys(local.all_settings)) : { name = name, value = local.all_settings[name] }]
          },
          local.web_config
        )
      },
      local.function_config
    )
  }

  response_export_values = ["properties.defaultHostName"]
}

locals {
  function_config = { for key, value in {
    functionAppConfig = local.is_function ? {
      deployment = {
        storage = {
          type  = "blobContainer"
          value = "${azapi_resource.storage[0].output.properties.primaryEndpoints.blob}${azapi_resource.packages[0].name}"
          authentication = { for key, value in {
            type                           = local.is_user_assigned ? "UserAssignedIdentity" : "SystemAssignedIdentity"
            userAssignedIdentityResourceId = one(azapi_resource.user[*].id)
          } : key => value if value != null }
        }
      }
      runtime = {
        name    = "node"
        version = var.node_version
      }
      scaleAndConcurrency = {
        instanceMemoryMB     = 2048
        maximumInstanceCount = 40
      }
    } : null
  } : key => value if value != null }
  web_config = { for key, value in {
    linuxFxVersion   = "NODE|${var.node_version}-lts"
    appCommandLine   = "node --import vaultstrap/preload server.mjs"
    alwaysOn         = true
    ftpsState        = "Disabled"
    http20Enabled    = true
    scmMinTlsVersion = "1.2"
  } : key => value if !local.is_function }
}

# Deployment by Entra sign-in alone, not by the site's own password. There from the beginning; changed, not created.
resource "azapi_update_resource" "basic_authentication" {
  for_each  = toset(["ftp", "scm"])
  type      = "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01"
  parent_id = azapi_resource.site.id
  name      = each.key

  body = {
    properties = {
      allow = false
    }
  }
}

resource "azapi_resource" "host_storage" {
  count     = local.is_function ? 1 : 0
  type      = "Microsoft.Authorization/roleAssignments@2022-04-01"
  parent_id = azapi_resource.storage[0].id
  name      = uuidv5("url", "${azapi_resource.storage[0].id}/${azapi_resource.site.id}/${var.identity}/${local.blob_data_owner}")

  body = {
    properties = {
      roleDefinitionId = "${local.role_definitions}/${local.blob_data_owner}"
      principalId      = local.principal_id
      principalType    = "ServicePrincipal"
    }
  }
}

resource "azapi_resource" "telemetry" {
  type      = "Microsoft.Authorization/roleAssignments@2022-04-01"
  parent_id = azapi_resource.insights.id
  name      = uuidv5("url", "${azapi_resource.insights.id}/${azapi_resource.site.id}/${var.identity}/${local.metrics_publisher}")

  body = {
    properties = {
      roleDefinitionId = "${local.role_definitions}/${local.metrics_publisher}"
      principalId      = local.principal_id
      principalType    = "ServicePrincipal"
    }
  }
}
