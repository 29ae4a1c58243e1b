//! The ioctls of network devices that have no other interface: attaching a TUN, switching offloads.

use std::{ffi::c_void, os::fd::OwnedFd};

use rustix::{
    io::{Errno, Result},
    ioctl::{Ioctl, IoctlOutput, Opcode, opcode},
    net::{AddressFamily, SocketFlags, SocketType, socket_with},
};

/// Makes the TUN `name` in the namespace in which `tun` was opened: whole IP packets, nothing before them.
pub(super) fn create_tun(tun: &OwnedFd, name: &str) -> Result<()> {
    let mut request = named(name)?;
    let flags = libc::IFF_TUN | libc::IFF_NO_PI;
    request.ifr_ifru.ifru_flags = i16::try_from(flags).map_err(|_| Errno::INVAL)?;
    // SAFETY: TUNSETIFF on /dev/net/tun reads and writes one `struct ifreq`, which `Device` points at.
    unsafe { rustix::ioctl::ioctl(tun, Device { opcode: TUNSETIFF, request: &mut request }) }
}

/// Switches segmentation offload off, so that captures show segments as large as the MTU and no larger.
pub(super) fn offloads_off(name: &str) -> Result<()> {
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    for command in [ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO] {
        // `struct ethtool_value`.
        let mut value: [u32; 2] = [command, 0];
        let mut request = named(name)?;
        request.ifr_ifru.ifru_data = (&raw mut value).cast();
        // SAFETY: SIOCETHTOOL reads a `struct ifreq` whose data pointer leads to a `struct ethtool_value` for
        // these commands; both live on this stack until the call is over.
        let result =
            unsafe { rustix::ioctl::ioctl(&socket, Device { opcode: SIOCETHTOOL, request: &mut request }) };
        match result {
            // A device without that offload.
            Err(Errno::OPNOTSUPP) => {}
            result => result?,
        }
    }
    Ok(())
}

/// _IOW('T', 202, int), linux/if_tun.h.
const TUNSETIFF: Opcode = opcode::write::<libc::c_int>(b'T', 202);
/// linux/sockios.h.
const SIOCETHTOOL: Opcode = 0x8946;
/// linux/ethtool.h.
const ETHTOOL_STSO: u32 = 0x1f;
/// linux/ethtool.h.
const ETHTOOL_SGSO: u32 = 0x24;
/// linux/ethtool.h.
const ETHTOOL_SGRO: u32 = 0x2c;

/// An ioctl on a `struct ifreq`.
struct Device<'request> {
    opcode: Opcode,
    request: &'request mut libc::ifreq,
}

// SAFETY: every opcode above takes a pointer to a `struct ifreq`, which outlives the call, may be written to, and
// yields nothing but success.
unsafe impl Ioctl for Device<'_> {
    type Output = ();
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        self.opcode
    }

    fn as_ptr(&mut self) -> *mut c_void {
        (&raw mut *self.request).cast()
    }

    unsafe fn output_from_ptr(_: IoctlOutput, _: *mut c_void) -> Result<()> {
        Ok(())
    }
}

fn named(name: &str) -> Result<libc::ifreq> {
    // SAFETY: `struct ifreq` is plain C data, for which all zeroes is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.len() >= request.ifr_name.len() {
        return Err(Errno::NAMETOOLONG);
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed() as libc::c_char;
    }
    Ok(request)
}
