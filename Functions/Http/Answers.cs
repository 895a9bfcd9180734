using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>Answers as HTTP results.</summary>
public static class Answers
{
    public static IActionResult Json(object body, int status = StatusCodes.Status200OK) => new JsonResult(body, Wire.Json) { StatusCode = status };

    /// <summary>A body with names in snake_case.</summary>
    public static IActionResult Snake(object body, int status = StatusCodes.Status200OK) => new JsonResult(body, Wire.Snake) { StatusCode = status };

    /// <summary>The envelope of the subscription routes.</summary>
    public static IActionResult Data(object data) => Snake(new { success = true, data });

    /// <inheritdoc cref="Data(object)"/>
    public static IActionResult Data<T>(Answer<T> answer, HttpRequest http, Func<T, object> show) =>
        answer.Succeeded ? Data(show(answer.Value)) : Problems.From(answer.Refusal, http.HttpContext);

    /// <summary>The value as JSON, or the refusal as a problem.</summary>
    public static IActionResult From<T>(Answer<T> answer, HttpRequest http, Func<T, object> show, int status = StatusCodes.Status200OK) =>
        answer.Succeeded ? Json(show(answer.Value), status) : Problems.From(answer.Refusal, http.HttpContext);
}
