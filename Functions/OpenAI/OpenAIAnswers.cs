using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.OpenAI;

/// <summary>Answers of our own in the names that OpenAI's API uses.</summary>
internal static class OpenAIAnswers
{
    public static readonly JsonSerializerOptions Names = new(Wire.Json) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static IActionResult Json(object body) => new JsonResult(body, Names);
}
