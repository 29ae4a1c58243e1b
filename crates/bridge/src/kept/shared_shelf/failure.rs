//! What goes wrong with a shelf for many nodes.

/// A store or a database that was named in a way that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum SharedShelfError {
    /// The store's address.
    #[error("--store is written s3://BUCKET or s3://BUCKET/PREFIX")]
    Store,
    /// What the environment says of the store.
    #[error(
        "the store cannot be used: {0}; see AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and the like"
    )]
    Environment(String),
    /// The database's address, which is not repeated: a password may be in it.
    #[error(
        "--database is written postgres://USER@HOST/NAME; the password may come in PGPASSWORD or PGPASSFILE"
    )]
    Database,
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database cannot be set up: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the store: {0}")]
    Store(#[from] object_store::Error),
    /// In the store is not what the database says.
    #[error("a kept recording is damaged: {0}")]
    Damaged(String),
    #[error("a recording was begun, and its row is gone")]
    Gone,
}
