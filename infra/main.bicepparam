using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'vaultstrap')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param host = readEnvironmentVariable('APP_HOST', 'function')
param identity = readEnvironmentVariable('APP_IDENTITY', 'SystemAssigned')
param officerId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param secretEvents = bool(readEnvironmentVariable('SECRET_EVENTS', 'false'))

// Name of the setting, name of the secret.
param secrets = {
  DB_PASSWORD: 'db-password'
}
