// Tables, queues and secrets. Nothing here has a key: shared keys and local authorization are off.
param unique string
param location string
param tags object
param queues array
param principalId string

var deployments = 'deployments'
// Least that works: the host's leases and packages, Tandem's tables, listening and sending, reading secrets.
var roles = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  serviceBusReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  serviceBusSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'sttandem${unique}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    networkAcls: { defaultAction: 'Allow', bypass: 'AzureServices' }
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource container 'containers' = {
      name: deployments
    }
  }
}

resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: 'sb-tandem-${unique}'
  location: location
  tags: tags
  // Duplicate detection and scheduled messages need Standard.
  sku: { name: 'Standard', tier: 'Standard' }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
  }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for name in queues: {
    parent: bus
    name: name
    properties: {
      // The host renews the lock while a job runs; after a crash the message is back within a minute.
      lockDuration: 'PT1M'
      maxDeliveryCount: 10
      requiresDuplicateDetection: true
      // Longer than any message id is sent again.
      duplicateDetectionHistoryTimeWindow: 'PT1H'
      defaultMessageTimeToLive: 'P14D'
      deadLetteringOnMessageExpiration: true
      maxSizeInMegabytes: 1024
    }
  }
]

// Dataverse signs in to a bus by shared access key only, so what it sends has a namespace of its own: hints, and
// nothing that a forger could gain by. Its key (rule `dataverse`) may send and no more. Basic costs by the message.
resource notices 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: 'sb-tandem-notices-${unique}'
  location: location
  tags: tags
  sku: { name: 'Basic', tier: 'Basic' }
  properties: {
    disableLocalAuth: false
    minimumTlsVersion: '1.2'
  }

  resource noticesQueue 'queues' = {
    name: 'notices'
    properties: {
      lockDuration: 'PT1M'
      maxDeliveryCount: 10
      // What is older, the timers have found.
      defaultMessageTimeToLive: 'PT1H'
    }

    resource dataverse 'authorizationRules' = {
      name: 'dataverse'
      properties: { rights: ['Send'] }
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: take('kv-tandem-${unique}', 24)
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
  }
}

resource onStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [roles.blobDataOwner, roles.tableDataContributor]: {
    name: guid(storage.id, principalId, role)
    scope: storage
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource onBus 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [roles.serviceBusReceiver, roles.serviceBusSender]: {
    name: guid(bus.id, principalId, role)
    scope: bus
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource onNotices 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(notices.id, principalId, roles.serviceBusReceiver)
  scope: notices
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusReceiver)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource onVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, roles.keyVaultSecretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

output storageName string = storage.name
output deploymentContainer string = deployments
output serviceBusId string = bus.id
output serviceBusHost string = '${bus.name}.servicebus.windows.net'
output noticesId string = notices.id
output noticesHost string = '${notices.name}.servicebus.windows.net'
output vaultName string = vault.name
output vaultUri string = vault.properties.vaultUri
