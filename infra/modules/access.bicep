// What the app may read: these secrets, each by a right of its own, and no list of them. And alerts on whoever else tries.
param location string
param tags object
param vaultName string
param workspaceId string
param principalId string
param officerId string
param secretNames string[]
param actionGroupIds array

// Key Vault Secrets User: may read values.
var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

var known = empty(officerId) ? '"${principalId}"' : '"${principalId}", "${officerId}"'
// `oid` as others report the claim; the long name as tokens of version 1 have it.
var reads = 'AZKVAuditLogs | where _ResourceId =~ "${vault.id}" and OperationName == "SecretGet" | extend who = coalesce(tostring(Identity.claim.oid), tostring(Identity.claim["http://schemas.microsoft.com/identity/claims/objectidentifier"]))'
var alerts = [
  {
    name: 'secret-denied'
    description: 'Somebody was refused a secret: a right is missing, or somebody tries doors.'
    severity: 2
    query: '${reads} | where HttpStatusCode == 403'
  }
  {
    name: 'secret-unusual'
    description: 'A secret was read by somebody else than the app.'
    severity: 3
    query: '${reads} | where HttpStatusCode == 200 and who !in~ (${known})'
  }
]

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' existing = [
  for name in secretNames: {
    parent: vault
    name: name
  }
]

resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in secretNames: {
    name: guid(secret[i].id, principalId, secretsUser)
    scope: secret[i]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource alert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in alerts: {
    name: rule.name
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.name
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      // The table appears with the first event.
      skipQueryValidation: true
      autoMitigate: false
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      actions: {
        actionGroups: actionGroupIds
      }
    }
  }
]
