// The two Entra app registrations, through the Microsoft Graph extension. Whoever deploys needs the role Cloud
// Application Administrator, and for the consent to BC Privileged Role Administrator. By hand: docs/deploy.md.
extension microsoftGraphV1

param environmentName string
param identityPrincipalId string
param appHost string

var businessCentral = '996def3d-b36c-4153-8607-a6fd3c01b89f'
var issuer = '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'

// Who may call Tandem's API.
resource api 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: 'tandem-api-${environmentName}'
  displayName: 'Tandem API (${environmentName})'
  signInAudience: 'AzureADMyOrg'
  api: { requestedAccessTokenVersion: 2 }
  web: { redirectUris: ['https://${appHost}/.auth/login/aad/callback'] }
  appRoles: [
    {
      id: guid('tandem-api-${environmentName}', 'Sync.Read')
      value: 'Sync.Read'
      displayName: 'Read Tandem'
      description: 'See runs, jobs, held records and mappings.'
      allowedMemberTypes: ['User', 'Application']
      isEnabled: true
    }
    {
      id: guid('tandem-api-${environmentName}', 'Sync.Admin')
      value: 'Sync.Admin'
      displayName: 'Administer Tandem'
      description: 'Start and cancel runs, couple, uncouple, retry, skip and resolve.'
      allowedMemberTypes: ['User', 'Application']
      isEnabled: true
    }
  ]
}

resource apiPrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: api.appId
  // Nobody gets a token without a role.
  appRoleAssignmentRequired: true
}

// The application user in BC and Sales. The identity's word is its credential: there is no secret.
resource integration 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: 'tandem-integration-${environmentName}'
  displayName: 'Tandem integration (${environmentName})'
  signInAudience: 'AzureADMyOrg'

  resource byIdentity 'federatedIdentityCredentials@v1.0' = {
    name: '${integration.uniqueName}/tandem-identity'
    issuer: issuer
    subject: identityPrincipalId
    audiences: ['api://AzureADTokenExchange']
  }
}

resource integrationPrincipal 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: integration.appId
}

resource bcPrincipal 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: businessCentral
}

// Application permission API.ReadWrite.All of Business Central, with the administrator's consent.
resource consent 'Microsoft.Graph/appRoleAssignedTo@v1.0' = {
  principalId: integrationPrincipal.id
  resourceId: bcPrincipal.id
  appRoleId: first(filter(bcPrincipal.appRoles, role => role.value == 'API.ReadWrite.All'))!.id
}

output apiClientId string = api.appId
output integrationClientId string = integration.appId
