using System.Numerics;

namespace ServerlessAi.Providers.Images.Sample;

/// <summary>A landscape that a text decides: sky, sun or moon, mountains, hills and trees, the nearer the darker, and the text's words as a caption.</summary>
internal static class Scene
{
    private const int Layers = 6;
    private const int Octaves = 5;

    /// <summary>Draws a PNG.</summary>
    public static byte[] Draw(string text, string caption, int width, int height)
    {
        var dice = new Dice(text);
        var palette = Palette.From(dice);
        var canvas = new Canvas(width, height);
        canvas.Fill(palette.SkyAt);
        DrawSky(canvas, palette, dice);
        for (var layer = 0; layer < Layers; layer++)
        {
            DrawLayer(canvas, palette, dice, (layer + 1f) / Layers);
        }

        Caption.Draw(canvas, caption, palette);
        return PngWriter.Write(width, height, canvas.ToRgb());
    }

    private static void DrawSky(Canvas canvas, Palette palette, Dice dice)
    {
        var (width, height) = (canvas.Width, canvas.Height);
        for (var star = 0; palette.IsNight && star < 220; star++)
        {
            var size = dice.Between(0.3f, 1.5f);
            canvas.Disc(new Vector2(dice.Next() * width, dice.Next() * dice.Next() * height * 0.75f), size, Vector3.One, dice.Between(0.25f, 0.9f));
        }

        var radius = width * dice.Between(0.055f, 0.11f);
        var center = new Vector2(width * dice.Between(0.2f, 0.8f), height * dice.Between(0.16f, 0.42f));
        canvas.Glow(center, radius * 6, palette.Light, palette.IsNight ? 0.22f : 0.5f);
        canvas.Glow(center, radius * 2.4f, palette.Light, palette.IsNight ? 0.3f : 0.6f);
        canvas.Disc(center, radius, palette.Light);
    }

    /// <param name="nearness">Above 0 to 1.</param>
    private static void DrawLayer(Canvas canvas, Palette palette, Dice dice, float nearness)
    {
        var (width, height) = (canvas.Width, canvas.Height);
        var floor = height * (0.46f + 0.4f * nearness * nearness + dice.Between(-0.02f, 0.02f));
        var swing = height * (nearness < 0.6f ? 0.26f - 0.2f * nearness : 0.1f);
        // Far away are mountains with sharp crests, near by are round hills.
        var line = Line(width, floor, swing, dice.Between(1.6f, 2.6f) + (1 - nearness) * 1.5f, nearness < 0.55f, dice.Next() * 1000);
        var top = Vector3.Lerp(palette.Far, palette.Near, MathF.Pow(nearness, 0.8f));
        var haze = Vector3.Lerp(top, palette.IsNight ? palette.Near : palette.Horizon, 0.45f * (1 - nearness) + 0.05f);
        if (nearness > 0.6f)
        {
            DrawTrees(canvas, line, nearness, top * 0.92f, dice);
        }

        canvas.Below(line, top, haze);
    }

    private static void DrawTrees(Canvas canvas, float[] line, float nearness, Vector3 color, Dice dice)
    {
        var size = canvas.Height * (0.03f + 0.09f * (nearness - 0.6f));
        for (var x = dice.Next() * size; x < canvas.Width; x += size * dice.Between(0.25f, 1.7f))
        {
            canvas.Pine(new Vector2(x, line[(int)x] + size * 0.1f), size * dice.Between(0.5f, 1.25f), color);
        }
    }

    private static float[] Line(int width, float floor, float swing, float frequency, bool isSharp, float offset)
    {
        var line = new float[width];
        for (var x = 0; x < width; x++)
        {
            float sum = 0, weight = 1, total = 0, at = frequency * x / width;
            for (var octave = 0; octave < (isSharp ? Octaves : 2); octave++)
            {
                var noise = Noise(at + offset + octave * 37);
                sum += weight * (isSharp ? 1 - MathF.Abs(2 * noise - 1) : noise);
                (total, weight, at) = (total + weight, weight * 0.48f, at * 2.03f);
            }

            line[x] = floor - swing * (sum / total - 0.3f);
        }

        return line;
    }

    // Fixed values at whole numbers, and a smooth way from one to the next.
    private static float Noise(float at)
    {
        var cell = (int)MathF.Floor(at);
        var part = at - cell;
        return float.Lerp(Value(cell), Value(cell + 1), part * part * (3 - 2 * part));
    }

    private static float Value(int cell)
    {
        var mixed = unchecked((uint)cell * 0x9E3779B1);
        mixed = (mixed ^ (mixed >> 15)) * 0x85EBCA77;
        return ((mixed ^ (mixed >> 13)) & 0xFFFF) / 65535f;
    }
}
