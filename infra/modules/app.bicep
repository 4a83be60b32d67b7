// The app, its identity, and what it runs on. No key, no connection string: storage and telemetry by identity, too.
param token string
param location string
param tags object
param host string
param identity string
param vaultName string
param workspaceId string
param secrets object
param platformSecrets object
param settings object
param nodeVersion string
param webSku string

// The host's blobs, leases of timers, and the deployed package.
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
// Sending telemetry.
var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

var isFunction = host == 'function'
var isUserAssigned = identity == 'UserAssigned'
var clientId = isUserAssigned ? user!.properties.clientId : ''
var principalId = isUserAssigned ? user!.properties.principalId : site.identity.principalId

var referenceSettings = union(
  toObject(items(secrets), s => s.key, s => '@KeyVault(VaultName=${vaultName};SecretName=${s.value})'),
  toObject(items(platformSecrets), s => s.key, s => '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${s.value})')
)
// By this convention the app, the SDKs and vaultstrap know which identity is meant.
var identitySettings = isUserAssigned ? { AZURE_CLIENT_ID: clientId } : {}
var storageSettings = isFunction ? { AzureWebJobsStorage__accountName: storage!.name } : {}
var storageIdentitySettings = isFunction && isUserAssigned
  ? {
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: clientId
    }
  : {}
// An address, and no secret: without local authentication the key in it opens nothing.
var telemetrySettings = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: isUserAssigned ? 'ClientId=${clientId};Authorization=AAD' : 'Authorization=AAD'
}
var webSettings = isFunction ? {} : { SCM_DO_BUILD_DURING_DEPLOYMENT: 'true' }
var allSettings = union(
  settings,
  referenceSettings,
  identitySettings,
  storageSettings,
  storageIdentitySettings,
  telemetrySettings,
  webSettings
)

resource user 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (isUserAssigned) {
  name: 'id-${token}'
  location: location
  tags: tags
}

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' = if (isFunction) {
  name: 'st${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = if (isFunction) {
  parent: storage
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = if (isFunction) {
  parent: blobs
  name: 'app-package'
  properties: {
    publicAccess: 'None'
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspaceId
    DisableLocalAuth: true
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: isFunction ? 'functionapp' : 'linux'
  sku: isFunction
    ? {
        name: 'FC1'
        tier: 'FlexConsumption'
      }
    : {
        name: webSku
      }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: 'app-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: isFunction ? 'functionapp,linux' : 'app,linux'
  identity: isUserAssigned
    ? {
        type: 'UserAssigned'
        userAssignedIdentities: {
          '${user.id}': {}
        }
      }
    : {
        type: 'SystemAssigned'
      }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: isUserAssigned ? user.id : 'SystemAssigned'
    functionAppConfig: isFunction
      ? {
          deployment: {
            storage: {
              type: 'blobContainer'
              value: '${storage!.properties.primaryEndpoints.blob}${packages.name}'
              authentication: isUserAssigned
                ? {
                    type: 'UserAssignedIdentity'
                    userAssignedIdentityResourceId: user.id
                  }
                : {
                    type: 'SystemAssignedIdentity'
                  }
            }
          }
          runtime: {
            name: 'node'
            version: nodeVersion
          }
          scaleAndConcurrency: {
            instanceMemoryMB: 2048
            maximumInstanceCount: 40
          }
        }
      : null
    siteConfig: union(
      {
        minTlsVersion: '1.2'
        appSettings: map(items(allSettings), s => { name: s.key, value: s.value })
      },
      isFunction
        ? {}
        : {
            linuxFxVersion: 'NODE|${nodeVersion}-lts'
            appCommandLine: 'node --import vaultstrap/preload server.mjs'
            alwaysOn: true
            ftpsState: 'Disabled'
            http20Enabled: true
            scmMinTlsVersion: '1.2'
          }
    )
  }
}

// Deployment by Entra sign-in alone, not by the site's own password.
resource basicAuthentication 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = [
  for name in ['ftp', 'scm']: {
    parent: site
    name: name
    properties: {
      allow: false
    }
  }
]

resource hostStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isFunction) {
  name: guid(storage.id, site.id, identity, blobDataOwner)
  scope: storage
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataOwner)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource telemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, site.id, identity, metricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

output name string = site.name
output url string = 'https://${site.properties.defaultHostName}'
output principalId string = principalId
