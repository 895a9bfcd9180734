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

@description('App role that makes a signed-in principal an admin; empty for none.')
param adminRole string = ''

@description('Guests that may begin in a day from one network; empty for none.')
param guestsPerNetworkPerDay string = ''

@description('USD a month from which on nothing more is bought; empty for no such limit.')
param hardBudgetUsd string = ''

@secure()
@description('sk_live_... or sk_test_...; empty sells nothing.')
param stripeSecretKey string = ''

@secure()
@description('whsec_... of the endpoint /api/payments/stripe; empty refuses every event.')
param stripeWebhookSecret string = ''

@description('Where a payer comes back to, with {order}; empty is the app itself.')
param paymentSuccessUrl string = ''

@description('Where a payer comes back to who did not pay; empty is the app itself.')
param paymentCancelUrl string = ''

@description('Where operators are told of alerts; empty for nowhere.')
param operatorWebhookUrl string = ''

@secure()
@description('whsec_... that signs what operators are told; needed with the URL.')
param operatorWebhookSecret string = ''

@description('The page that mails lead to for changing what one is told; empty for none.')
param preferencesUrl string = ''

@description('Mail server; empty sends no mail.')
param smtpHost string = ''

@description('User at the mail server; empty for none.')
param smtpUser string = ''

@secure()
@description('The user\'s password at the mail server.')
param smtpPassword string = ''

@description('Sender of mails.')
param smtpFrom string = ''

@secure()
@description('Key of Anthropic; empty leaves it out.')
param anthropicKey string = ''

@secure()
@description('Key of Gemini; empty leaves it out.')
param geminiKey string = ''

@secure()
@description('Key of Mistral; empty leaves it out.')
param mistralKey string = ''

@secure()
@description('Key of DeepSeek; empty leaves it out.')
param deepseekKey string = ''

@secure()
@description('Key of Groq; empty leaves it out.')
param groqKey string = ''

@secure()
@description('Key of Stability AI; empty leaves it out.')
param stabilityKey string = ''

@secure()
@description('Key of Tavily; empty leaves it out.')
param tavilyKey string = ''

@secure()
@description('Key of Serper; empty leaves it out.')
param serperKey string = ''

@secure()
@description('Key of Exa; empty leaves it out.')
param exaKey string = ''

@secure()
@description('Key of Firecrawl; empty leaves it out.')
param firecrawlKey string = ''

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
    adminRole: adminRole
    guestsPerNetworkPerDay: guestsPerNetworkPerDay
    hardBudgetUsd: hardBudgetUsd
    stripeSecretKey: stripeSecretKey
    stripeWebhookSecret: stripeWebhookSecret
    paymentSuccessUrl: paymentSuccessUrl
    paymentCancelUrl: paymentCancelUrl
    operatorWebhookUrl: operatorWebhookUrl
    operatorWebhookSecret: operatorWebhookSecret
    preferencesUrl: preferencesUrl
    smtpHost: smtpHost
    smtpUser: smtpUser
    smtpPassword: smtpPassword
    smtpFrom: smtpFrom
    anthropicKey: anthropicKey
    geminiKey: geminiKey
    mistralKey: mistralKey
    deepseekKey: deepseekKey
    groqKey: groqKey
    stabilityKey: stabilityKey
    tavilyKey: tavilyKey
    serperKey: serperKey
    exaKey: exaKey
    firecrawlKey: firecrawlKey
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output SERVICE_API_NAME string = app.outputs.name
output SERVICE_API_URI string = app.outputs.uri
