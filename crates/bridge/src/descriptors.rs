//! How this process's descriptors are divided: a quarter is for connections to the page, the rest for rooms, and of that
//! half for the rooms made from one address.

/// The page has one in so many.
const OF_PAGE: u64 = 4;

/// Connections to the page that leave the rest of this process's descriptors to rooms and their sockets.
pub(crate) fn for_connections() -> u32 {
    most().map_or(u32::MAX, |most| u32::try_from(most / OF_PAGE).unwrap_or(u32::MAX))
}

/// Numbers from this one on are not for rooms.
pub(crate) fn for_rooms() -> Option<u32> {
    most().and_then(|most| u32::try_from(most - most / OF_PAGE).ok())
}

/// What all rooms made from one address may have.
pub(crate) fn for_address() -> u32 {
    for_rooms().map_or(u32::MAX, |rooms| rooms / 2)
}

fn most() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}
