# A new version is read within seconds, on one instance. The function must exist: deploy the code first.
locals {
  has_events = var.secret_events && local.is_function
}

resource "azapi_resource" "topic" {
  count     = local.has_events ? 1 : 0
  type      = "Microsoft.EventGrid/systemTopics@2025-02-15"
  parent_id = azapi_resource.group.id
  name      = "secrets-of-${azapi_resource.vault.name}"
  location  = var.location

  body = {
    properties = {
      source    = azapi_resource.vault.id
      topicType = "Microsoft.KeyVault.vaults"
    }
  }
}

resource "azapi_resource" "secret_changed" {
  count     = local.has_events ? 1 : 0
  type      = "Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15"
  parent_id = azapi_resource.topic[0].id
  name      = "secretChanged"

  body = {
    properties = {
      eventDeliverySchema = "EventGridSchema"
      destination = {
        endpointType = "AzureFunction"
        properties = {
          resourceId                    = "${azapi_resource.site.id}/functions/secretChanged"
          maxEventsPerBatch             = 1
          preferredBatchSizeInKilobytes = 64
        }
      }
      filter = {
        includedEventTypes = [
          "Microsoft.KeyVault.SecretNewVersionCreated",
          "Microsoft.KeyVault.SecretNearExpiry",
          "Microsoft.KeyVault.SecretExpired"
        ]
      }
      retryPolicy = {
        maxDeliveryAttempts      = 30
        eventTimeToLiveInMinutes = 1440
      }
    }
  }
}
