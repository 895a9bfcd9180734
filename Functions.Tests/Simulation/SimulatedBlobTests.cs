using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Simulation;

/// <summary>Blobs through the published client.</summary>
public sealed class SimulatedBlobTests
{
    private readonly SimulatedStorage storage = new(new TestClock());

    [Fact]
    public async Task An_uploaded_blob_reads_back_with_its_headers()
    {
        var container = Container();
        Assert.False(await container.ExistsAsync());
        await container.CreateIfNotExistsAsync();
        await container.CreateIfNotExistsAsync();
        Assert.True(await container.ExistsAsync());
        var blob = container.GetBlobClient("folder/größe 1.png");
        Assert.False(await blob.ExistsAsync());

        byte[] content = [.. Enumerable.Range(0, 5_000).Select(i => (byte)i)];
        var headers = new BlobHttpHeaders { ContentType = "image/png", CacheControl = "private" };
        await blob.UploadAsync(BinaryData.FromBytes(content), new BlobUploadOptions { HttpHeaders = headers });

        Assert.Equal(content, (await blob.DownloadContentAsync()).Value.Content.ToArray());
        using var stream = new MemoryStream();
        await blob.DownloadToAsync(stream);
        Assert.Equal(content, stream.ToArray());
        BlobProperties properties = await blob.GetPropertiesAsync();
        Assert.Equal(("image/png", "private", 5_000), (properties.ContentType, properties.CacheControl, properties.ContentLength));
    }

    [Fact]
    public async Task An_upload_that_must_not_overwrite_fails_on_a_blob_that_exists()
    {
        var container = Container();
        await container.CreateAsync();
        var blob = container.GetBlobClient("b");
        await blob.UploadAsync(BinaryData.FromString("first"));
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => blob.UploadAsync(BinaryData.FromString("second"), overwrite: false));
        Assert.Equal((409, "BlobAlreadyExists"), (failure.Status, failure.ErrorCode));
        await blob.UploadAsync(BinaryData.FromString("second"), overwrite: true);
        Assert.Equal("second", (await blob.DownloadContentAsync()).Value.Content.ToString());
        Assert.True(await blob.DeleteIfExistsAsync());
        Assert.False(await blob.DeleteIfExistsAsync());
    }

    [Fact]
    public async Task An_upload_on_condition_fails_on_a_blob_that_has_changed_or_gone()
    {
        var container = Container();
        await container.CreateAsync();
        var blob = container.GetBlobClient("b");
        var tag = (await blob.UploadAsync(BinaryData.FromString("first"))).Value.ETag;
        Task UploadAsync(string text) => blob.UploadAsync(BinaryData.FromString(text), new BlobUploadOptions { Conditions = new BlobRequestConditions { IfMatch = tag } });
        Assert.Equal(tag, (await blob.DownloadContentAsync()).Value.Details.ETag);

        await UploadAsync("second");

        var changed = await Assert.ThrowsAsync<RequestFailedException>(() => UploadAsync("third"));
        await blob.DeleteAsync();
        var gone = await Assert.ThrowsAsync<RequestFailedException>(() => UploadAsync("fourth"));
        Assert.Equal((412, "ConditionNotMet", 412), (changed.Status, changed.ErrorCode, gone.Status));
    }

    [Fact]
    public async Task What_is_missing_says_what_is_missing()
    {
        var container = Container();
        var noContainer = await Assert.ThrowsAsync<RequestFailedException>(() => container.GetBlobClient("b").UploadAsync(BinaryData.FromString("x")));
        await container.CreateAsync();
        var noBlob = await Assert.ThrowsAsync<RequestFailedException>(() => container.GetBlobClient("b").DownloadContentAsync());
        Assert.Equal((404, "ContainerNotFound"), (noContainer.Status, noContainer.ErrorCode));
        Assert.Equal((404, "BlobNotFound"), (noBlob.Status, noBlob.ErrorCode));
    }

    [Fact]
    public async Task A_busy_blob_service_is_tried_again_by_the_SDK()
    {
        var container = Container();
        await container.CreateAsync();
        var requests = storage.FailOnce(Fault.Busy503);
        await container.GetBlobClient("b").UploadAsync(BinaryData.FromString("x"));
        Assert.Equal(2, requests());
    }

    private BlobContainerClient Container()
    {
        var options = new BlobClientOptions { Transport = storage };
        options.Retry.MaxRetries = 1;
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        return new BlobServiceClient(SimulatedStorage.ConnectionString, options).GetBlobContainerClient("images");
    }
}
