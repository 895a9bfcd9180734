using System.Numerics;

namespace ServerlessAi.Providers.Images.Sample;

/// <summary>Pixels to draw on, in linear steps of sRGB from 0 to 1. Shapes have soft edges: a pixel takes as much colour as the shape covers of it.</summary>
internal sealed class Canvas(int width, int height)
{
    private readonly Vector3[] pixels = new Vector3[width * height];

    public int Width => width;

    public int Height => height;

    public void Fill(Func<float, Vector3> colorAtHeight)
    {
        for (var y = 0; y < height; y++)
        {
            Array.Fill(pixels, colorAtHeight((float)y / height), y * width, width);
        }
    }

    public void Disc(Vector2 center, float radius, Vector3 color, float opacity = 1) => Around(center, radius + 1, distance =>
        opacity * Math.Clamp(radius + 0.5f - distance, 0, 1), color);

    /// <summary>Light that fades with the distance.</summary>
    public void Glow(Vector2 center, float radius, Vector3 color, float opacity) => Around(center, radius, distance =>
    {
        var strength = 1 - distance / radius;
        return opacity * strength * strength;
    }, color);

    /// <summary>Everything below a line that has a height for each column, darker or lighter towards the bottom.</summary>
    public void Below(ReadOnlySpan<float> line, Vector3 top, Vector3 bottom)
    {
        for (var x = 0; x < width; x++)
        {
            var edge = line[x];
            for (var y = Math.Max(0, (int)edge); y < height; y++)
            {
                Blend(x, y, Vector3.Lerp(top, bottom, Math.Clamp((y - edge) / (height - edge + 1), 0, 1)), Math.Clamp(y + 1 - edge, 0, 1));
            }
        }
    }

    /// <summary>A tree, as tall as told, that stands on a point.</summary>
    public void Pine(Vector2 foot, float size, Vector3 color)
    {
        for (var y = Math.Max(0, (int)(foot.Y - size)); y < Math.Min(height, foot.Y + 2); y++)
        {
            var down = Math.Clamp((y - (foot.Y - size)) / size, 0, 1);
            var half = size * 0.24f * (down * 0.75f + 0.25f * (down * 4 - MathF.Floor(down * 4))) * MathF.Min(1, down * 6);
            for (var x = (int)(foot.X - half - 1); x <= foot.X + half + 1; x++)
            {
                Blend(x, y, color, Math.Clamp(half + 0.5f - MathF.Abs(x - foot.X), 0, 1));
            }
        }
    }

    public void RoundedBox(int left, int top, int right, int bottom, float radius, Vector3 color, float opacity)
    {
        var (center, half) = (new Vector2((left + right) / 2f, (top + bottom) / 2f), new Vector2((right - left) / 2f - radius, (bottom - top) / 2f - radius));
        for (var y = top; y < bottom; y++)
        {
            for (var x = left; x < right; x++)
            {
                var outside = Vector2.Max(Vector2.Abs(new Vector2(x + 0.5f, y + 0.5f) - center) - half, Vector2.Zero);
                Blend(x, y, color, opacity * Math.Clamp(radius + 0.5f - outside.Length(), 0, 1));
            }
        }
    }

    public void Square(int left, int top, int size, Vector3 color)
    {
        for (var i = 0; i < size * size; i++)
        {
            Blend(left + i % size, top + i / size, color, 1);
        }
    }

    public byte[] ToRgb()
    {
        var rgb = new byte[pixels.Length * 3];
        for (var i = 0; i < pixels.Length; i++)
        {
            var color = Vector3.Clamp(pixels[i], Vector3.Zero, Vector3.One) * 255 + new Vector3(0.5f);
            (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = ((byte)color.X, (byte)color.Y, (byte)color.Z);
        }

        return rgb;
    }

    private void Around(Vector2 center, float reach, Func<float, float> coverage, Vector3 color)
    {
        for (var y = Math.Max(0, (int)(center.Y - reach)); y < Math.Min(height, center.Y + reach); y++)
        {
            for (var x = Math.Max(0, (int)(center.X - reach)); x < Math.Min(width, center.X + reach); x++)
            {
                var distance = Vector2.Distance(center, new Vector2(x + 0.5f, y + 0.5f));
                if (distance < reach)
                {
                    Blend(x, y, color, coverage(distance));
                }
            }
        }
    }

    private void Blend(int x, int y, Vector3 color, float share)
    {
        if (share > 0 && (uint)x < (uint)width && (uint)y < (uint)height)
        {
            ref var pixel = ref pixels[y * width + x];
            pixel += (color - pixel) * share;
        }
    }
}
