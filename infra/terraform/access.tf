# What the app may read: these secrets, each by a right of its own, and no list of them. And alerts on whoever else tries.
locals {
  known = join(", ", [for id in compact([local.principal_id, var.officer_id]) : "\"${id}\""])
  # `oid` as others report the claim; the long name as tokens of version 1 have it.
  reads = "AZKVAuditLogs | where _ResourceId =~ \"${azapi_resource.vault.id}\" and OperationName == \"SecretGet\" | extend who = coalesce(tostring(Identity.claim.oid), tostring(Identity.claim[\"http://schemas.microsoft.com/identity/claims/objectidentifier\"]))"
  alerts = {
    secret-denied = {
      description = "Somebody was refused a secret: a right is missing, or somebody tries doors."
      severity    = 2
      query       = "${local.reads} | where HttpStatusCode == 403"
    }
    secret-unusual = {
      description = "A secret was read by somebody else than the app."
      severity    = 3
      query       = "${local.reads} | where HttpStatusCode == 200 and who !in~ (${local.known})"
    }
  }
}

resource "azapi_resource" "read" {
  for_each  = toset(concat(values(var.secrets), values(var.platform_secrets)))
  type      = "Microsoft.Authorization/roleAssignments@2022-04-01"
  parent_id = "${azapi_resource.vault.id}/secrets/${each.value}"
  name      = uuidv5("url", "${azapi_resource.vault.id}/secrets/${each.value}/${azapi_resource.site.id}/${var.identity}/${local.secrets_user}")

  body = {
    properties = {
      roleDefinitionId = "${local.role_definitions}/${local.secrets_user}"
      principalId      = local.principal_id
      principalType    = "ServicePrincipal"
    }
  }
}

resource "azapi_resource" "alert" {
  for_each  = local.alerts
  type      = "Microsoft.Insights/scheduledQueryRules@2023-12-01"
  parent_id = azapi_resource.group.id
  name      = each.key
  location  = var.location

  body = {
    kind = "LogAlert"
    properties = {
      displayName         = each.key
      description         = each.value.description
      severity            = each.value.severity
      enabled             = true
      scopes              = [azapi_resource.workspace.id]
      evaluationFrequency = "PT5M"
      windowSize          = "PT15M"
      # The table appears with the first event.
      skipQueryValidation = true
      autoMitigate        = false
      criteria = {
        allOf = [
          {
            query           = each.value.query
            timeAggregation = "Count"
            operator        = "GreaterThan"
            threshold       = 0
          }
        ]
      }
      actions = {
        actionGroups = var.action_group_ids
      }
    }
  }
}
