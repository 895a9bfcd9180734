namespace CloudinaryDotNet;

public class Api : ApiShared
{
    public Api()
    {
    }

    public Api(string cloudinaryUrl)
        : base(cloudinaryUrl)
    {
    }

    public Api(Account account)
        : base(account)
    {
    }
}
