using Microsoft.Extensions.Hosting;
using ServerlessAi.Functions;

AppHost.Build(args).Run();
