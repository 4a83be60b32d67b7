// What the smoke test needs: the same secret by both spellings, once alone and once inside of longer text.
targetScope = 'subscription'

param environmentName string
param location string
param host string
param identity string
param officerId string

module main 'main.bicep' = {
  params: {
    environmentName: environmentName
    location: location
    host: host == 'web' ? 'web' : 'function'
    identity: identity == 'UserAssigned' ? 'UserAssigned' : 'SystemAssigned'
    officerId: officerId
    secrets: {
      SMOKE_OURS: 'smoke'
    }
    platformSecrets: {
      SMOKE_PLATFORM: 'smoke'
    }
    settings: {
      SMOKE_COMPOSED: 'before-\${SMOKE_OURS}-after'
      // The app has to start, and say what it sees, while the vault cannot be had.
      VAULTSTRAP_ON_ERROR: 'unset'
    }
  }
}

output AZURE_RESOURCE_GROUP string = main.outputs.AZURE_RESOURCE_GROUP
output VAULT_NAME string = main.outputs.VAULT_NAME
output APP_NAME string = main.outputs.APP_NAME
output APP_URL string = main.outputs.APP_URL
