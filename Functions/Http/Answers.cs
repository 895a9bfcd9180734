using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>Answers as HTTP results.</summary>
public static class Answers
{
    public static IActionResult Json(object body, int status = StatusCodes.Status200OK) => new JsonResult(body, Wire.Json) { StatusCode = status };

    /// <summary>The value as JSON, or the refusal as a problem.</summary>
    public static IActionResult From<T>(Answer<T> answer, HttpRequest http, Func<T, object> show, int status = StatusCodes.Status200OK) =>
        answer.Succeeded ? Json(show(answer.Value), status) : Problems.From(answer.Refusal, http.HttpContext);
}
