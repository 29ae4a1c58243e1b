//! The index: a row a recording, in a PostgreSQL database. It says alone what there is.

use std::{borrow::Cow, fmt, str::FromStr as _, time::Duration};

use sqlx::{
    PgPool, Row as _, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};
use tokio::sync::OnceCell;

use super::failure::{Failure, SharedShelfError};
use crate::kept::Label;

/// Connections of one node.
const CONNECTIONS: u32 = 8;
/// Longest wait for one, also for a database that refuses: it may be about to start.
const CONNECT: Duration = Duration::from_secs(3);
/// What counts all recordings and adds one does so alone, among all nodes: a number that nothing else locks.
const COUNTING: i64 = 0x7769_7265_7369_6465;

/// What a recording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordingKind {
    /// One that somebody kept.
    Share,
    /// A room's last.
    Last,
}

impl RecordingKind {
    fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Last => "last",
        }
    }
}

/// A recording that is whole.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) object: String,
    pub(super) label: Label,
}

/// The table in the database.
pub(super) struct Index {
    options: PgConnectOptions,
    pool: OnceCell<PgPool>,
}

impl fmt::Debug for Index {
    /// Without the password, which is among the options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, database) = (self.options.get_host(), self.options.get_database());
        f.debug_struct("Index").field("host", &host).field("database", &database).finish_non_exhaustive()
    }
}

impl Index {
    /// By `postgres://USER@HOST/NAME`; nothing connects yet. What is not said there comes from the environment, as libpq
    /// has it: PGPASSWORD, PGPASSFILE, PGSSLMODE.
    pub(super) fn new(address: &str) -> Result<Self, SharedShelfError> {
        if !(address.starts_with("postgres://") || address.starts_with("postgresql://")) {
            return Err(SharedShelfError::Database);
        }
        let options = PgConnectOptions::from_str(address).map_err(|_| SharedShelfError::Database)?;
        // A server that is confined has no sockets of AF_UNIX.
        if options.get_socket().is_some() || options.get_host().starts_with('/') {
            return Err(SharedShelfError::Database);
        }
        Ok(Self { options: options.application_name("wireside"), pool: OnceCell::new() })
    }

    /// The connections; the first who asks brings the tables to what this program needs.
    async fn pool(&self) -> Result<&PgPool, Failure> {
        self.pool
            .get_or_try_init(|| async {
                let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(CONNECT);
                let pool = pool.connect_with(self.options.clone()).await?;
                migrations().run(&pool).await?;
                Ok(pool)
            })
            .await
    }

    /// Begins one, where all together take no more than `most` bytes with it; else nothing is begun. By how many bytes they
    /// would take more.
    pub(super) async fn begin(
        &self,
        object: &str,
        kind: RecordingKind,
        name: &str,
        label: &Label,
        most: i64,
    ) -> Result<i64, Failure> {
        let (bytes, packed) = (size(label.bytes), size(label.packed));
        let mut all = self.pool().await?.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(COUNTING).execute(&mut *all).await?;
        let count = sqlx::query(
            "SELECT coalesce(sum(packed), 0)::bigint FROM recording
             WHERE NOT (kind = $1 AND name = $2 AND state = 'whole')",
        );
        let used: i64 = count.bind(kind.name()).bind(name).fetch_one(&mut *all).await?.try_get(0)?;
        let over = used.saturating_add(packed).saturating_sub(most);
        if over > 0 {
            return Ok(over);
        }
        let insert = sqlx::query(
            "INSERT INTO recording (object, kind, name, delete_hash, key_hashes, bytes, packed)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        );
        insert
            .bind(object)
            .bind(kind.name())
            .bind(name)
            .bind(&label.delete)
            .bind(&label.keys)
            .bind(bytes)
            .bind(packed)
            .execute(&mut *all)
            .await?;
        all.commit().await?;
        Ok(0)
    }

    /// Those that nobody has read for longest go, as many as have so many bytes; none where all have less. Their names in the
    /// store.
    pub(super) async fn evict(&self, bytes: i64) -> Result<Vec<String>, Failure> {
        let evict = sqlx::query(
            "UPDATE recording SET state = 'going' WHERE state = 'whole' AND object IN (
                 SELECT object FROM (
                     SELECT object,
                            sum(packed) OVER (ORDER BY coalesce(last_read, made), object) - packed AS before,
                            sum(packed) OVER () AS all_of_them
                     FROM recording WHERE kind = 'share' AND state = 'whole') AS oldest
                 WHERE before < $1::bigint AND all_of_them >= $1::bigint)
             RETURNING object",
        );
        objects(&evict.bind(bytes).fetch_all(self.pool().await?).await?)
    }

    /// Its bytes are stored: it is whole, in the place of a room's last one before it. What is going for it.
    pub(super) async fn finish(
        &self,
        object: &str,
        kind: RecordingKind,
        name: &str,
    ) -> Result<Vec<String>, Failure> {
        let mut all = self.pool().await?.begin().await?;
        let before = match kind {
            RecordingKind::Share => Vec::new(),
            RecordingKind::Last => leaving(kind, name).fetch_all(&mut *all).await?,
        };
        let whole = sqlx::query(
            "UPDATE recording SET state = 'whole', made = now() WHERE object = $1 AND state = 'begun'",
        );
        if whole.bind(object).execute(&mut *all).await?.rows_affected() != 1 {
            return Err(Failure::Gone);
        }
        all.commit().await?;
        objects(&before)
    }

    /// The one that is whole, if there is one; that it was asked for is written down, to the hour.
    pub(super) async fn find(&self, kind: RecordingKind, name: &str) -> Result<Option<Row>, Failure> {
        let pool = self.pool().await?;
        let find = sqlx::query(
            "SELECT object, delete_hash, key_hashes, bytes, packed,
                    coalesce(last_read < now() - interval '1 hour', true) AS unread
             FROM recording WHERE kind = $1 AND name = $2 AND state = 'whole'",
        );
        let Some(row) = find.bind(kind.name()).bind(name).fetch_optional(pool).await? else {
            return Ok(None);
        };
        let object: String = row.try_get("object")?;
        if row.try_get("unread")? {
            let read = sqlx::query("UPDATE recording SET last_read = now() WHERE object = $1");
            read.bind(&object).execute(pool).await?;
        }
        let (bytes, packed): (i64, i64) = (row.try_get("bytes")?, row.try_get("packed")?);
        let label = Label {
            delete: row.try_get("delete_hash")?,
            bytes: bytes.unsigned_abs(),
            packed: packed.unsigned_abs(),
            keys: row.try_get("key_hashes")?,
        };
        Ok(Some(Row { object, label }))
    }

    /// From now on nobody is given it. Names in the store of what is going.
    pub(super) async fn leave(&self, kind: RecordingKind, name: &str) -> Result<Vec<String>, Failure> {
        objects(&leaving(kind, name).fetch_all(self.pool().await?).await?)
    }

    /// Its bytes are gone.
    pub(super) async fn forget(&self, object: &str) -> Result<(), Failure> {
        let forget = sqlx::query("DELETE FROM recording WHERE object = $1 AND state = 'going'");
        forget.bind(object).execute(self.pool().await?).await?;
        Ok(())
    }

    /// Rooms of a node, by what their ids begin with, that have a last recording.
    pub(super) async fn lasts_of(&self, node: &str) -> Result<Vec<String>, Failure> {
        let lasts = sqlx::query(
            "SELECT name FROM recording WHERE kind = 'last' AND state = 'whole' AND starts_with(name, $1)",
        );
        let rows = lasts.bind(node).fetch_all(self.pool().await?).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// What nobody goes on with: begun by a node that ended, or by this one without an answer (`doubtful`), or last
    /// recordings of a node that never came back. Names in the store of those, and of what was going already.
    pub(super) async fn unfinished(&self, doubtful: &[String], most: i64) -> Result<Vec<String>, Failure> {
        let pool = self.pool().await?;
        let leave = sqlx::query(
            "UPDATE recording SET state = 'going'
             WHERE state = 'begun' AND made < now() - interval '1 hour'
                OR kind = 'last' AND state = 'whole' AND made < now() - interval '1 day'
                OR state <> 'going' AND object = ANY($1)",
        );
        leave.bind(doubtful).execute(pool).await?;
        let going = sqlx::query("SELECT object FROM recording WHERE state = 'going' ORDER BY made LIMIT $1");
        objects(&going.bind(most).fetch_all(pool).await?)
    }
}

fn leaving(
    kind: RecordingKind,
    name: &str,
) -> sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments> {
    let leave = sqlx::query(
        "UPDATE recording SET state = 'going' WHERE kind = $1 AND name = $2 AND state = 'whole' RETURNING object",
    );
    leave.bind(kind.name()).bind(name)
}

fn objects(rows: &[PgRow]) -> Result<Vec<String>, Failure> {
    rows.iter().map(|row| Ok(row.try_get("object")?)).collect()
}

fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// In the program, in their order. One that has been published is never changed.
fn migrations() -> Migrator {
    let first = include_str!("../../../migrations/0001_recordings.sql").into_sql_str();
    let name = Cow::Borrowed("recordings");
    Migrator::with_migrations(vec![Migration::new(1, name, MigrationType::Simple, first, false)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_not_repeated() {
        for address in
            ["", "mysql://ada:secret@host/lab", "ada:secret@host", "postgres://ada:secret@host:x/lab"]
        {
            let refused = Index::new(address).unwrap_err().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
        assert!(Index::new("postgres://ada@%2Frun%2Fpostgresql/lab").is_err(), "no sockets of AF_UNIX");
        let index = Index::new("postgres://ada:secret@db.example/lab").unwrap();
        assert!(!format!("{index:?}").contains("secret"), "{index:?}");
    }
}
