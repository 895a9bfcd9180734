namespace CloudinaryDotNet;

/// <summary>A cloud and the key and secret that speak for it.</summary>
public class Account
{
    public Account()
    {
    }

    public Account(string cloud) => Cloud = cloud;

    public Account(string cloud, string apiKey, string apiSecret)
    {
        Cloud = cloud;
        ApiKey = apiKey;
        ApiSecret = apiSecret;
    }

    public string Cloud { get; set; }

    public string ApiKey { get; set; }

    public string ApiSecret { get; set; }
}
