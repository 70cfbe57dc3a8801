// Everything Tandem needs in Azure, in a resource group of its own. Run by `azd up` (docs/deploy.md).
targetScope = 'subscription'

@description('Name of the azd environment: one for each pair of a BC company and a Dataverse organization.')
@minLength(1)
@maxLength(20)
param environmentName string

param location string

@description('Root of the BC API up to the environment, without /api.')
param bcUrl string

@description('Id or name of the BC company; empty takes the only one.')
param bcCompany string = ''

@description('Root of the Dataverse organization, without /api/data.')
param dataverseUrl string

@description('Make the two Entra app registrations. False: somebody made them by hand and names them below.')
param registerApps bool = true

@description('Client id of the app registration with the roles Sync.Read and Sync.Admin, when made by hand.')
param apiClientId string = ''

@description('Client id of the application user in BC and Sales, when made by hand.')
param integrationClientId string = ''

@description('How that user proves who it is. identity: no secret at all. The others: from Key Vault.')
@allowed(['identity', 'certificate', 'secret'])
param signIn string = 'identity'

@description('Also take Tandem\'s own keys (secrets api-key-read and api-key-admin in Key Vault).')
param apiKeys bool = false

@description('Who is told; empty: alerts are only shown in the portal.')
param alertEmail string = ''

@description('Amount a month at which a warning is sent, in the currency of the subscription; 0: no budget.')
param monthlyBudget int = 0

@description('Be told of changes within a minute instead of polling alone (docs/push.md).')
param push bool = false

param costCenter string = ''

@description('Processes at most. BC takes five requests at once whatever this is (docs/limits-and-cost.md).')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

@description('Each has a queue sync-<mapping>. `make docs` writes them; a test compares.')
param mappings array = [
  'salespeople'
  'currencies'
  'payment_terms'
  'shipment_methods'
  'shipping_agents'
  'units_of_measure'
  'item_unit_groups'
  'resource_unit_groups'
  'item_units'
  'resource_units'
  'customers'
  'contacts'
  'items'
  'resources'
  'customer_price_groups'
  'sales_prices'
  'price_lists'
  'price_list_lines'
  'opportunities'
  'posted_sales_invoices'
  'sales_orders'
  'sales_quotes'
  'account_statistics'
  'order_notes'
  'quote_notes'
]

@description('Schedules that differ from local.settings.example.json: six fields, UTC, by setting name.')
param schedules object = {}

@description('Tuning, by setting name. The defaults are the product\'s own.')
param tuning object = {}

@description('Take changes to mappings from the secret mapping-overrides in Key Vault: YAML, or a signed address of it.')
param mappingOverrides bool = false

@description('Take further application users from the secret more-clients: id;id, or id=secret;id=secret.')
param moreClients bool = false

@description('Inventory of a product by HTTP, under a key of its own: secret availability-key in Key Vault.')
param availability bool = false

param firstOfMonth string = utcNow('yyyy-MM-01')

// The example lists every setting with its default; a test says when it does not.
var example = loadJsonContent('../local.settings.example.json').Values
var tuned = [
  'PAGE_SIZE'
  'JOB_SECONDS'
  'REQUEST_SECONDS'
  'LEASE_SECONDS'
  'BRAKE_SHARE'
  'BC_PERMITS'
  'HISTORY_DAYS'
  'JOBS_DAYS'
  'RUNS_KEEP'
  'SALES_ORDERS'
  'SALES_QUOTES'
  'ORDERS_USER'
  'ORDER_STATUS'
  'NOTES'
  'ACCOUNT_STATISTICS'
  'ORDER_UPDATES'
  'RELEASE_ORDERS'
  'ORDER_EDITS'
  'ORDER_POSTS'
  'PRICES'
  'UNIT_GROUPS'
  'OWNERSHIP'
  'OWNING_TEAM'
  'COMPANY_STAMP'
  'WRITE_IN_TYPE'
  'WRITE_IN_NUMBER'
  'FREIGHT_ACCOUNT'
]
var fromExample = toObject(
  filter(items(example), entry => startsWith(entry.key, 'SCHEDULE_') || contains(tuned, entry.key)),
  entry => entry.key,
  entry => entry.value
)
var queues = concat(map(mappings, mapping => 'sync-${mapping}'), [
  'full-sync'
  'rejected'
])
var tags = union({ 'azd-env-name': environmentName, application: 'tandem' }, empty(costCenter) ? {} : { costCenter: costCenter })
var unique = toLower(uniqueString(subscription().id, environmentName, location))

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-tandem-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-tandem-${unique}'
    location: location
    tags: tags
  }
}

module data 'modules/data.bicep' = {
  name: 'data'
  scope: group
  params: {
    unique: unique
    location: location
    tags: tags
    queues: queues
    principalId: identity.outputs.principalId
  }
}

module registrations 'modules/registrations.bicep' = if (registerApps) {
  name: 'registrations'
  scope: group
  params: {
    environmentName: environmentName
    identityPrincipalId: identity.outputs.principalId
    appHost: 'func-tandem-${unique}.azurewebsites.net'
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    unique: unique
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    serviceBusId: data.outputs.serviceBusId
    noticesId: data.outputs.noticesId
    alertEmail: alertEmail
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: 'func-tandem-${unique}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: data.outputs.storageName
    deploymentContainer: data.outputs.deploymentContainer
    serviceBusHost: data.outputs.serviceBusHost
    vaultUri: data.outputs.vaultUri
    insightsConnectionString: monitoring.outputs.insightsConnectionString
    maximumInstances: maximumInstances
    apiClientId: registerApps ? registrations!.outputs.apiClientId : apiClientId
    integrationClientId: registerApps ? registrations!.outputs.integrationClientId : integrationClientId
    signIn: signIn
    apiKeys: apiKeys
    push: push
    noticesHost: data.outputs.noticesHost
    bcUrl: bcUrl
    bcCompany: bcCompany
    dataverseUrl: dataverseUrl
    mappingOverrides: mappingOverrides
    moreClients: moreClients
    availability: availability
    settings: union(fromExample, tuning, schedules)
  }
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0) {
  name: 'budget'
  scope: group
  params: {
    name: 'budget-tandem-${environmentName}'
    amount: monthlyBudget
    firstOfMonth: firstOfMonth
    email: alertEmail
  }
}

output TANDEM_URL string = app.outputs.url
output TANDEM_API_CLIENT_ID string = registerApps ? registrations!.outputs.apiClientId : apiClientId
output TANDEM_INTEGRATION_CLIENT_ID string = registerApps ? registrations!.outputs.integrationClientId : integrationClientId
output TANDEM_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output TANDEM_KEY_VAULT string = data.outputs.vaultName
