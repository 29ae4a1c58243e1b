//! What is said wherever a limit refuses something.

use proto::limits::Limit;

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit {} of {value} is reached", limit.name())]
pub(crate) struct LimitReached {
    /// Which.
    pub(crate) limit: Limit,
    /// Its value.
    pub(crate) value: u64,
}

impl LimitReached {
    /// Whether one address has too much of something, which is its own doing; a full server is not.
    pub(crate) fn is_of_address(&self) -> bool {
        matches!(
            self.limit,
            Limit::AddressSessions
                | Limit::AddressRooms
                | Limit::AddressSessionRate
                | Limit::AddressDescriptors
                | Limit::AddressSocketMemory
                | Limit::AddressConnections
                | Limit::AddressDownloads
                | Limit::AddressOpened
                | Limit::AddressKept
                | Limit::AddressClassMisses
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_an_address_say_so_in_their_names() {
        for &limit in Limit::ALL {
            let reached = LimitReached { limit, value: 1 };
            assert_eq!(reached.is_of_address(), limit.name().starts_with("address-"), "{limit:?}");
        }
    }
}
