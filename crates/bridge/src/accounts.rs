//! What rooms made from one address may take, in all of them: one account for each address that has rooms.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use lab::Account;
use proto::limits::Limit;

/// The accounts of those who made rooms: one for each address, as long as it has rooms.
#[derive(Debug)]
pub(crate) struct Accounts {
    limit: Limit,
    most: usize,
    around: Option<Arc<Account>>,
    of: Mutex<HashMap<IpAddr, Weak<Account>>>,
}

impl Accounts {
    /// Of descriptors: so many for each address.
    pub(crate) fn of_descriptors(most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self { limit: Limit::AddressDescriptors, most, around: None, of: Mutex::default() }
    }

    /// Of the kernel's memory for sockets: so much for all, and for each address.
    pub(crate) fn of_socket_memory(all: u64, most: u64) -> Self {
        let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let around = Some(Account::new(Limit::ServerSocketMemory, bytes(all)));
        Self { limit: Limit::AddressSocketMemory, most: bytes(most), around, of: Mutex::default() }
    }

    /// That of an address that is counted.
    pub(crate) fn of_address(&self, network: Option<IpAddr>) -> Option<Arc<Account>> {
        network.map(|network| self.account(network)).or_else(|| self.around.clone())
    }

    fn account(&self, network: IpAddr) -> Arc<Account> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = of.get(&network).and_then(Weak::upgrade) {
            return account;
        }
        of.retain(|_, account| account.strong_count() > 0);
        let account = Account::within_any(self.around.as_ref(), self.limit, self.most);
        of.insert(network, Arc::downgrade(&account));
        account
    }
}
