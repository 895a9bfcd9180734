using System.Numerics;

namespace ServerlessAi.Providers.Images.Sample;

/// <summary>Colours of one scene that go together: neighbours of one hue, and a light from the other side of the wheel.</summary>
internal sealed record Palette(Vector3 Zenith, Vector3 Sky, Vector3 Horizon, Vector3 Light, Vector3 Far, Vector3 Near, bool IsNight)
{
    private const float Turn = MathF.PI * 2;

    public static Palette From(Dice dice)
    {
        if (dice.Next() < 0.3f)
        {
            // Nights are teal to violet; a green or brown one looks like a fault.
            var night = dice.Between(0.58f, 0.86f);
            return new Palette(
                Of(0.20f, 0.07f, night), Of(0.36f, 0.10f, night + 0.03f), Of(0.62f, 0.12f, night + 0.1f), Of(0.96f, 0.04f, dice.Between(0.2f, 0.3f)),
                Of(0.47f, 0.09f, night + 0.05f), Of(0.16f, 0.05f, night), IsNight: true);
        }

        var hue = dice.Next();
        var horizon = hue + (dice.Next() < 0.5f ? 0.38f : -0.16f) + dice.Between(-0.05f, 0.05f);
        return new Palette(
            Of(0.52f, 0.13f, hue), Of(0.72f, 0.11f, hue + 0.05f), Of(0.90f, 0.09f, horizon), Of(0.97f, 0.06f, horizon + 0.06f),
            Of(0.74f, 0.08f, horizon - 0.04f), Of(0.24f, 0.06f, hue + 0.03f), IsNight: false);
    }

    public Vector3 SkyAt(float height) => height < 0.4f
        ? Vector3.Lerp(Zenith, Sky, height / 0.4f)
        : Vector3.Lerp(Sky, Horizon, MathF.Min(1, (height - 0.4f) / 0.3f));

    /// <summary>OKLCH to sRGB, bottosson.github.io/posts/oklab: equal steps there look like equal steps.</summary>
    /// <param name="hue">In turns.</param>
    public static Vector3 Of(float lightness, float chroma, float hue)
    {
        var (a, b) = (chroma * MathF.Cos(hue * Turn), chroma * MathF.Sin(hue * Turn));
        var l = Cube(lightness + 0.3963377774f * a + 0.2158037573f * b);
        var m = Cube(lightness - 0.1055613458f * a - 0.0638541728f * b);
        var s = Cube(lightness - 0.0894841775f * a - 1.2914855480f * b);
        return new Vector3(
            Gamma(4.0767416621f * l - 3.3077115913f * m + 0.2309699292f * s),
            Gamma(-1.2684380046f * l + 2.6097574011f * m - 0.3413193965f * s),
            Gamma(-0.0041960863f * l - 0.7034186147f * m + 1.7076147010f * s));
    }

    private static float Cube(float value) => value * value * value;

    private static float Gamma(float linear) =>
        Math.Clamp(linear <= 0.0031308f ? 12.92f * linear : 1.055f * MathF.Pow(linear, 1 / 2.4f) - 0.055f, 0, 1);
}
