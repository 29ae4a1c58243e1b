//! The cases, by what they are about.

pub(crate) mod backlog;
pub(crate) mod binding;
pub(crate) mod closing;
pub(crate) mod connecting;
pub(crate) mod datagrams;
pub(crate) mod epolls;
pub(crate) mod options;
pub(crate) mod polling;
pub(crate) mod transfer;
