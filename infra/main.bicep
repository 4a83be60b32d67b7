// A Function App (Flex Consumption) or a web app (Linux) whose settings hold references, never secrets: with the vault,
// one right per secret, an audit log and alerts. No value of a secret passes through this template.
// The same: azuredeploy.json (into an existing group), terraform/. docs/deploy.md says what each resource is for.
targetScope = 'subscription'

@description('Name of the environment: of its resource group, and the seed of all other names.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of everything.')
param location string

@description('What runs: a Function App on Flex Consumption, or a web app on Linux.')
@allowed(['function', 'web'])
param host string = 'function'

@description('Whose identity reads the secrets: the app\'s own, or one that outlives it.')
@allowed(['SystemAssigned', 'UserAssigned'])
param identity string = 'SystemAssigned'

@description('App settings that are secrets: name of the setting, name of the secret. Each becomes a reference, and a right to read this one secret.')
param secrets object = {}

@description('The same for settings that the platform resolves itself (it shows their values in Kudu).')
param platformSecrets object = {}

@description('Further app settings. Plain values or templates such as postgres://app:\${DB_PASSWORD}@db/shop; no secrets.')
param settings object = {}

@description('Events of the vault to the function secretChanged. Only once the code is deployed: the function must exist.')
param secretEvents bool = false

@description('Object id of the person who puts secrets into the vault; nobody when empty.')
param officerId string = ''

@description('What alerts call: resource ids of action groups. Without any they show in the portal only.')
param actionGroupIds array = []

@description('Node on App Service and Functions: 22 or newer.')
param nodeVersion string = '24'

@description('Plan of the web app.')
param webSku string = 'B1'

var token = uniqueString(subscription().id, environmentName, location)
var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    officerId: officerId
  }
}

module app 'modules/app.bicep' = {
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    host: host
    identity: identity
    vaultName: vault.outputs.name
    workspaceId: vault.outputs.workspaceId
    secrets: secrets
    platformSecrets: platformSecrets
    settings: settings
    nodeVersion: nodeVersion
    webSku: webSku
  }
}

module access 'modules/access.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    vaultName: vault.outputs.name
    workspaceId: vault.outputs.workspaceId
    principalId: app.outputs.principalId
    officerId: officerId
    secretNames: union(
      map(items(secrets), setting => string(setting.value)),
      map(items(platformSecrets), setting => string(setting.value))
    )
    actionGroupIds: actionGroupIds
  }
}

module events 'modules/events.bicep' = if (secretEvents && host == 'function') {
  scope: group
  params: {
    location: location
    tags: tags
    vaultName: vault.outputs.name
    siteName: app.outputs.name
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output VAULT_NAME string = vault.outputs.name
output APP_NAME string = app.outputs.name
output APP_URL string = app.outputs.url
