//! What a load balancer asks how much more this server takes: one line a connection, as HAProxy's `agent-check` reads it
//! (HAProxy's configuration manual, section 5.2). Only new rooms follow it; a room's address leads to its node anyway.

use std::{sync::Weak, time::Duration};

use tokio::{io::AsyncWriteExt as _, net::TcpListener, time::timeout};

use crate::{quota::Resource, shared::Shared};

/// How long a line may take. They are answered one after another: nobody but the load balancer asks.
const LINE: Duration = Duration::from_secs(1);
/// After an accept that failed for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers until the server has ended.
pub(crate) async fn serve(listener: TcpListener, shared: Weak<Shared>) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Some(line) = shared.upgrade().map(|shared| line(&shared)) else { return };
        let writing = async {
            stream.write_all(line.as_bytes()).await?;
            stream.shutdown().await
        };
        // Whoever asked is gone or does not read: it asks again.
        let _unheard = timeout(LINE, writing).await;
    }
}

fn line(shared: &Shared) -> String {
    let full = shared.memory.check_room().is_err();
    weight(shared.drain.is_retiring() || full, shared.quota.count(Resource::Room), shared.config.limits.rooms)
}

/// `drain`, or `ready` with the share of rooms that are free, of 100 and at least 1.
fn weight(closed: bool, rooms: u32, most: u32) -> String {
    if closed || rooms >= most {
        return "drain\n".to_owned();
    }
    let free = u64::from(most - rooms) * 100 / u64::from(most);
    format!("ready {}%\n", free.max(1))
}

#[cfg(test)]
mod tests {
    use super::weight;

    #[test]
    fn the_share_of_free_rooms_is_the_weight() {
        assert_eq!(weight(false, 0, 1000), "ready 100%\n");
        assert_eq!(weight(false, 370, 1000), "ready 63%\n");
        assert_eq!(weight(false, 999, 1000), "ready 1%\n", "a server at 0% is one that drains");
        assert_eq!(weight(false, 1000, 1000), "drain\n");
        assert_eq!(weight(true, 0, 1000), "drain\n");
    }
}
