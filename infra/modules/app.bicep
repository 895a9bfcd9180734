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

@allowed([512, 2048, 4096])
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
  empty(monthlyBudgetUsd) ? {} : { Budget__MonthlyUsd: monthlyBudgetUsd }
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
