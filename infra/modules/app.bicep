// The function app: Flex Consumption, Python 3.13, everything by identity.
param name string
param location string
param tags object
param identityId string
param identityClientId string
param storageName string
param deploymentContainer string
param serviceBusHost string
param vaultUri string
param insightsConnectionString string
param maximumInstances int
param apiClientId string
param integrationClientId string
param signIn string
param apiKeys bool
param push bool
param noticesHost string
param bcUrl string
param bcCompany string
param dataverseUrl string
param mappingOverrides bool
param moreClients bool
param availability bool

@description('Schedules and tuning by setting name.')
param settings object

// Exactly one way to sign in to BC and Sales (shared/settings.py).
var credential = signIn == 'identity'
  ? { FEDERATED_IDENTITY_CLIENT_ID: identityClientId }
  : signIn == 'certificate'
      ? { CLIENT_CERTIFICATE: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/client-certificate)' }
      : { CLIENT_SECRET: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/client-secret)' }
var keys = union(
  apiKeys
    ? {
        API_KEY_READ: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/api-key-read)'
        API_KEY_ADMIN: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/api-key-admin)'
      }
    : {},
  push ? { WEBHOOK_SECRETS: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/webhook-secrets)' } : {}
)

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'tandem' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    siteConfig: { minTlsVersion: '1.2', ftpsState: 'Disabled', http20Enabled: true }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${deploymentContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: { instanceMemoryMB: 2048, maximumInstanceCount: maximumInstances }
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(settings, credential, keys, {
      AzureWebJobsStorage__accountName: storage.name
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identityClientId
      ServiceBusConnection__fullyQualifiedNamespace: serviceBusHost
      ServiceBusConnection__credential: 'managedidentity'
      ServiceBusConnection__clientId: identityClientId
      NoticesConnection__fullyQualifiedNamespace: noticesHost
      NoticesConnection__credential: 'managedidentity'
      NoticesConnection__clientId: identityClientId
      PUSH: push ? 'on' : 'off'
      WEBHOOK_URL: 'https://${name}.azurewebsites.net/api/webhooks/bc'
      TABLES_ENDPOINT: storage.properties.primaryEndpoints.table
      AZURE_CLIENT_ID: identityClientId
      BC_URL: bcUrl
      BC_COMPANY_ID: bcCompany
      DATAVERSE_URL: dataverseUrl
      MORE_CLIENTS: moreClients ? '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/more-clients)' : ''
      MAPPING_OVERRIDES: mappingOverrides ? '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/mapping-overrides)' : ''
      AVAILABILITY: availability ? 'on' : 'off'
      AVAILABILITY_KEY: availability ? '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/availability-key)' : ''
      TENANT_ID: tenant().tenantId
      CLIENT_ID: integrationClientId
      LOGIN_URL: environment().authentication.loginEndpoint
      APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
      // Tandem exports its own telemetry, so the host must not forward the worker's log lines as well. Not
      // PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: that would export every library's, addresses and all.
      PYTHON_ENABLE_OPENTELEMETRY: 'true'
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    })
  }

  // Easy Auth checks the token; Tandem decides what its roles may do. Without Tandem's own keys nobody gets
  // past it unsigned. /api/health says nothing secret; each notice at /api/webhooks/bc carries a secret, each
  // question to /api/availability a key of its own.
  resource auth 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: !apiKeys
        unauthenticatedClientAction: apiKeys ? 'AllowAnonymous' : 'Return401'
        excludedPaths: concat(['/api/health', '/api/webhooks/bc'], availability ? ['/api/availability'] : [])
      }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: apiClientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: { allowedAudiences: [apiClientId, 'api://${apiClientId}'] }
        }
      }
      login: { tokenStore: { enabled: false } }
    }
  }
}

output url string = 'https://${site.properties.defaultHostName}'
