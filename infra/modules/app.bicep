// The function app on Flex Consumption: it scales to zero, and its settings name what is not a default.
param name string
param planName string
param location string
param tags object
param identityId string
param identityClientId string
param storageAccountName string
param deploymentContainerUrl string
param applicationInsightsConnectionString string
param corsOrigins array

@secure()
param adminKey string
@secure()
param openAIKey string
param azureOpenAIEndpoint string
@secure()
param falKey string
@secure()
param cloudinaryUrl string
param monthlyBudgetUsd string
param adminRole string
param guestsPerNetworkPerDay string
param hardBudgetUsd string
@secure()
param stripeSecretKey string
@secure()
param stripeWebhookSecret string
param paymentSuccessUrl string
param paymentCancelUrl string
param operatorWebhookUrl string
@secure()
param operatorWebhookSecret string
param preferencesUrl string
param smtpHost string
param smtpUser string
@secure()
param smtpPassword string
param smtpFrom string
@secure()
param anthropicKey string
@secure()
param geminiKey string
@secure()
param mistralKey string
@secure()
param deepseekKey string
@secure()
param groqKey string
@secure()
param stabilityKey string
@secure()
param tavilyKey string
@secure()
param serperKey string
@secure()
param exaKey string
@secure()
param firecrawlKey string

@description('Memory of an instance. Flex Consumption also offers 512 MB: too little for images of up to 25 MB, of which several are printed at once.')
@allowed([2048, 4096])
param instanceMemoryMB int = 2048
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 100

var required = {
  AZURE_FUNCTIONS_ENVIRONMENT: 'Production'
  AzureWebJobsStorage__accountName: storageAccountName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  // DefaultAzureCredential picks this identity among those of the app.
  AZURE_CLIENT_ID: identityClientId
  Storage__AccountName: storageAccountName
  Storage__ManagedIdentityClientId: identityClientId
  Access__AdminKey: adminKey
}

// An empty setting is not the same as an absent one, so what is not given is left out.
var optional = union(
  empty(openAIKey) ? {} : { Providers__OpenAI__ApiKey: openAIKey },
  empty(azureOpenAIEndpoint) ? {} : { Providers__OpenAI__AzureEndpoint: azureOpenAIEndpoint },
  empty(falKey) ? {} : { Providers__Fal__ApiKey: falKey },
  empty(cloudinaryUrl) ? {} : { Images__Store: 'cloudinary', Images__CloudinaryUrl: cloudinaryUrl },
  empty(monthlyBudgetUsd) ? {} : { Budget__MonthlyUsd: monthlyBudgetUsd },
  empty(adminRole) ? {} : { Access__AdminRole: adminRole },
  empty(guestsPerNetworkPerDay) ? {} : { Access__GuestsPerNetworkPerDay: guestsPerNetworkPerDay },
  empty(hardBudgetUsd) ? {} : { Budget__HardUsd: hardBudgetUsd },
  empty(stripeSecretKey) ? {} : { Payments__Stripe__SecretKey: stripeSecretKey },
  empty(stripeWebhookSecret) ? {} : { Payments__Stripe__WebhookSecret: stripeWebhookSecret },
  empty(paymentSuccessUrl) ? {} : { Payments__SuccessUrl: paymentSuccessUrl },
  empty(paymentCancelUrl) ? {} : { Payments__CancelUrl: paymentCancelUrl },
  empty(operatorWebhookUrl) ? {} : { Notifications__WebhookUrl: operatorWebhookUrl },
  empty(operatorWebhookSecret) ? {} : { Notifications__WebhookSecret: operatorWebhookSecret },
  empty(preferencesUrl) ? {} : { Notifications__PreferencesUrl: preferencesUrl },
  empty(smtpHost) ? {} : { Notifications__Smtp__Host: smtpHost },
  empty(smtpUser) ? {} : { Notifications__Smtp__User: smtpUser },
  empty(smtpPassword) ? {} : { Notifications__Smtp__Password: smtpPassword },
  empty(smtpFrom) ? {} : { Notifications__Smtp__From: smtpFrom },
  empty(anthropicKey) ? {} : { Providers__Text__anthropic__ApiKey: anthropicKey },
  empty(geminiKey) ? {} : { Providers__Text__gemini__ApiKey: geminiKey },
  empty(mistralKey) ? {} : { Providers__Text__mistral__ApiKey: mistralKey },
  empty(deepseekKey) ? {} : { Providers__Text__deepseek__ApiKey: deepseekKey },
  empty(groqKey) ? {} : { Providers__Text__groq__ApiKey: groqKey },
  empty(stabilityKey) ? {} : { Providers__Stability__ApiKey: stabilityKey },
  empty(tavilyKey) ? {} : { Providers__Tavily__ApiKey: tavilyKey },
  empty(serperKey) ? {} : { Providers__Serper__ApiKey: serperKey },
  empty(exaKey) ? {} : { Providers__Exa__ApiKey: exaKey },
  empty(firecrawlKey) ? {} : { Providers__Firecrawl__ApiKey: firecrawlKey }
)

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  // azd finds the service of azure.yaml by this tag.
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      scaleAndConcurrency: { instanceMemoryMB: instanceMemoryMB, maximumInstanceCount: maximumInstanceCount }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      cors: { allowedOrigins: corsOrigins }
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: union(required, optional)
  }

  // Publishing with a password stays off; azd signs in.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output name string = app.name
output uri string = 'https://${app.properties.defaultHostName}'
