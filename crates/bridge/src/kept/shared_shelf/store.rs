//! The store: bytes by name, in a bucket of S3 or of what speaks as S3 does.

use std::time::Duration;

use bytes::Bytes;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStoreExt as _, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
};

use super::failure::{Failure, SharedShelfError};

/// To begin a connection, to have one answer whole, and for all that is tried again.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(5);
const RETRIES: usize = 2;

/// A bucket, and what names in it begin with.
#[derive(Debug)]
pub(super) struct Store {
    bucket: AmazonS3,
    prefix: Path,
}

impl Store {
    /// By `s3://BUCKET/PREFIX`, and what the environment has for `object_store`: `AWS_ENDPOINT_URL`, `AWS_REGION`, ...
    pub(super) fn new(address: &str) -> Result<Self, SharedShelfError> {
        let rest = address.strip_prefix("s3://").ok_or(SharedShelfError::Store)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name =
            |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b".-_".contains(&letter);
        if bucket.is_empty() || !bucket.bytes().all(is_name) {
            return Err(SharedShelfError::Store);
        }
        let prefix = Path::parse(prefix).map_err(|_| SharedShelfError::Store)?;
        // The client asks for the process' own provider, of which there is one in the tree. It may be set already.
        let _set_already = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let builder =
            AmazonS3Builder::from_env().with_bucket_name(bucket).with_client_options(options()).with_retry(
                RetryConfig { backoff: BackoffConfig::default(), max_retries: RETRIES, retry_timeout: RETRY },
            );
        let bucket = builder.build().map_err(|error| SharedShelfError::Environment(error.to_string()))?;
        Ok(Self { bucket, prefix })
    }

    fn path(&self, object: &str) -> Path {
        self.prefix.clone().join(object)
    }

    pub(super) async fn put(&self, object: &str, packed: Bytes) -> Result<(), Failure> {
        self.bucket.put(&self.path(object), PutPayload::from(packed)).await?;
        Ok(())
    }

    /// What stands there, which has to be so many bytes; none where nothing does.
    pub(super) async fn get(&self, object: &str, packed: u64) -> Result<Option<Bytes>, Failure> {
        let found = match self.bucket.get(&self.path(object)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Before they are read: a store that gives more takes no memory.
        if found.meta.size != packed {
            return Err(Failure::Damaged(object.to_owned()));
        }
        Ok(Some(found.bytes().await?))
    }

    /// Deletes what stands there, if anything does.
    pub(super) async fn delete(&self, object: &str) -> Result<(), Failure> {
        match self.bucket.delete(&self.path(object)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn options() -> ClientOptions {
    // Plain HTTP only where the environment says so, as its users know it.
    let plain =
        std::env::var("AWS_ALLOW_HTTP").is_ok_and(|said| said.eq_ignore_ascii_case("true") || said == "1");
    ClientOptions::new().with_timeout(ANSWER).with_connect_timeout(CONNECT).with_allow_http(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bucket_is_a_store() {
        for address in [
            "",
            "s3://",
            "bucket",
            "https://bucket",
            "s3:///prefix",
            "s3://Bucket",
            "s3://b?x",
            "s3://b/a//c",
        ] {
            let refused = Store::new(address).map(|_| ());
            assert!(matches!(refused, Err(SharedShelfError::Store)), "{address}");
        }
        let store = Store::new("s3://bucket/lab/recordings").unwrap();
        assert_eq!(store.path("id.share").to_string(), "lab/recordings/id.share");
        assert_eq!(Store::new("s3://bucket").unwrap().path("id.share").to_string(), "id.share");
    }
}
