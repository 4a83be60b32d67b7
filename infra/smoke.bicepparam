using './smoke.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'vaultstrap-smoke')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param host = readEnvironmentVariable('APP_HOST', 'function')
param identity = readEnvironmentVariable('APP_IDENTITY', 'SystemAssigned')
param officerId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
