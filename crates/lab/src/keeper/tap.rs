//! Reading the capture of a host's loopback: [`HostFds::loopback`](super::HostFds::loopback).
//!
//! It is an AF_PACKET socket of type SOCK_DGRAM: one `recv` gives one packet beginning with its IP header, in the
//! order of arrival, each packet once. Checksums are never filled in on loopback (the kernel does not need them
//! there): do not call them wrong.

use std::{io, os::fd::AsFd};

use rustix::{
    io::Errno,
    net::{RecvFlags, recv},
};

/// Takes the next packet: its length on the link, of which as much as fits is in `buffer`; none where there is no
/// packet. 1500 bytes hold any packet. Never blocks.
pub fn read(tap: impl AsFd, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match recv(tap, buffer, RecvFlags::DONTWAIT | RecvFlags::TRUNC) {
        Ok((_, length)) => Ok(Some(length)),
        Err(Errno::AGAIN) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Packets that the capture had no room for since this was last asked.
pub fn missed(tap: impl AsFd) -> io::Result<u32> {
    Ok(super::option::capture_drops(tap)?)
}
