// Everything the app needs in Azure: one resource group with a Flex Consumption app, a storage account without keys, and monitoring.
targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the azd environment; resources are named after it.')
param environmentName string

@minLength(1)
@description('Region of all resources; it must offer Flex Consumption.')
@metadata({ azd: { type: 'location' } })
param location string

@secure()
@minLength(16)
@description('The first admin\'s key, sixteen characters or more.')
param adminKey string

@secure()
@description('Key of OpenAI, or of the Azure OpenAI resource when an endpoint is given. Empty: no OpenAI, or the app\'s identity.')
param openAIKey string = ''

@description('https://NAME.openai.azure.com for Azure OpenAI; empty for OpenAI.')
param azureOpenAIEndpoint string = ''

@secure()
@description('Key of fal.ai; empty leaves it out.')
param falKey string = ''

@secure()
@description('cloudinary://KEY:SECRET@CLOUD keeps images there; empty keeps them in the storage account.')
param cloudinaryUrl string = ''

@description('Origins of web frontends that browsers may call from, separated by commas; empty for none.')
param corsOrigins string = ''

@description('USD a month from which on the cheaper tier serves everybody; empty for no such budget.')
param monthlyBudgetUsd string = ''

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: { name: 'id-${token}', location: location, tags: tags }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: { name: 'st${token}', location: location, tags: tags, principalId: identity.outputs.principalId }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: { token: token, location: location, tags: tags, principalId: identity.outputs.principalId }
}

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: 'func-${token}'
    planName: 'plan-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    corsOrigins: empty(corsOrigins) ? [] : split(corsOrigins, ',')
    adminKey: adminKey
    openAIKey: openAIKey
    azureOpenAIEndpoint: azureOpenAIEndpoint
    falKey: falKey
    cloudinaryUrl: cloudinaryUrl
    monthlyBudgetUsd: monthlyBudgetUsd
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output SERVICE_API_NAME string = app.outputs.name
output SERVICE_API_URI string = app.outputs.uri
