// Logs, the workbook, and who is told when. The queries are files of their own, so that they can be tested.
param unique string
param location string
param tags object
param principalId string
param serviceBusId string
param noticesId string
param alertEmail string

var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
var logAlerts = [
  {
    name: 'functions-failing'
    title: 'Tandem: functions fail'
    description: 'More than five executions failed within 15 minutes. docs/deploy.md, When an alert comes.'
    severity: 2
    query: loadTextContent('../monitoring/functions-failing.kql')
    operator: 'GreaterThan'
    threshold: 5
    frequency: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'timers-silent'
    title: 'Tandem: no timer has run'
    description: 'No mapping was polled for an hour: the app is stopped or does not start.'
    severity: 1
    query: loadTextContent('../monitoring/timers-silent.kql')
    operator: 'LessThan'
    threshold: 1
    frequency: 'PT15M'
    window: 'PT1H'
  }
  {
    name: 'mapping-late'
    title: 'Tandem: a mapping is late or stopped'
    description: 'A mapping has finished no job for two hours, or its last job was stopped: tandem status says why.'
    severity: 2
    query: loadTextContent('../monitoring/mapping-late.kql')
    operator: 'GreaterThan'
    threshold: 0
    frequency: 'PT15M'
    window: 'PT30M'
  }
  {
    name: 'error-rate'
    title: 'Tandem: many jobs fail'
    description: 'More than five jobs and calls failed within 15 minutes, and more than one in ten.'
    severity: 2
    query: loadTextContent('../monitoring/error-rate.kql')
    operator: 'GreaterThan'
    threshold: 0
    frequency: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'brake-pulled'
    title: 'Tandem: the brake was pulled'
    description: 'A job would have changed too many records, or blanked a field in many, and asks first.'
    severity: 1
    query: loadTextContent('../monitoring/brake-pulled.kql')
    operator: 'GreaterThan'
    threshold: 0
    frequency: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'certificate-ending'
    title: 'Tandem: the certificate ends soon'
    description: 'The certificate that signs the integration user in ends within 30 days.'
    severity: 2
    query: loadTextContent('../monitoring/certificate-ending.kql')
    operator: 'GreaterThan'
    threshold: 0
    frequency: 'PT1H'
    window: 'PT6H'
  }
]
var queueAlerts = [
  {
    name: 'dead-letters'
    title: 'Tandem: dead letters'
    description: 'A message failed ten times or grew too old.'
    metric: 'DeadletteredMessages'
    bus: serviceBusId
    queue: '*'
  }
  {
    name: 'dead-notices'
    title: 'Tandem: dead notices'
    description: 'A notice of Dataverse failed ten times; the timers find what it told of.'
    metric: 'DeadletteredMessages'
    bus: noticesId
    queue: 'notices'
  }
  {
    name: 'rejected-messages'
    title: 'Tandem: rejected messages'
    description: 'A message could not be understood, or a mapping was stopped as misconfigured.'
    metric: 'ActiveMessages'
    bus: serviceBusId
    queue: 'rejected'
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-tandem-${unique}'
  location: location
  tags: tags
  properties: { sku: { name: 'PerGB2018' }, retentionInDays: 30 }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-tandem-${unique}'
  location: location
  tags: tags
  kind: 'web'
  properties: { Application_Type: 'web', WorkspaceResourceId: workspace.id, DisableLocalAuth: true }
}

resource publishing 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, metricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource told 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: 'ag-tandem-${unique}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'tandem'
    enabled: true
    emailReceivers: [{ name: 'administrator', emailAddress: alertEmail, useCommonAlertSchema: true }]
  }
}

resource logAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in logAlerts: {
    name: 'alert-tandem-${alert.name}-${unique}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.title
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: alert.frequency
      windowSize: alert.window
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: alert.operator
            threshold: alert.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(alertEmail) ? [] : [told.id] }
    }
  }
]

resource queueAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in queueAlerts: {
    name: 'alert-tandem-${alert.name}-${unique}'
    location: 'global'
    tags: tags
    properties: {
      description: '${alert.title}. ${alert.description}'
      severity: 2
      enabled: true
      scopes: [alert.bus]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT5M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: alert.name
            metricName: alert.metric
            timeAggregation: 'Maximum'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: [{ name: 'EntityName', operator: 'Include', values: [alert.queue] }]
          }
        ]
      }
      actions: empty(alertEmail) ? [] : [{ actionGroupId: told.id }]
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'tandem-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Tandem'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: loadTextContent('../monitoring/workbook.json')
  }
}

output insightsConnectionString string = insights.properties.ConnectionString
