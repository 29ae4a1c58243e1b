//! `socket.htons(80)` and the like: functions of the module that make no call.

use std::net::Ipv4Addr;

use super::{
    fault::Fault,
    integer::integer,
    value::{Value, bytes_repr},
};

/// The value of one of [`super::names::BYTE_ORDER`].
pub fn byte_order(name: &str, arguments: &[Value], plain: bool, column: usize) -> Result<Value, Fault> {
    let [argument] = arguments else { return Err(Fault::beyond("this way to call it", column)) };
    if !plain {
        return Err(Fault::beyond("this way to call it", column));
    }
    match (name, argument) {
        ("inet_aton", Value::Str(text)) => match text.parse::<Ipv4Addr>() {
            Ok(address) => Ok(Value::Bytes(address.octets().to_vec())),
            // The C library reads other spellings too.
            Err(_) => {
                Err(Fault::beyond("this spelling of an address", column).hint("Four numbers: \"10.0.0.1\""))
            }
        },
        ("inet_ntoa", Value::Bytes(bytes)) => match <[u8; 4]>::try_from(bytes.as_slice()) {
            Ok(octets) => Ok(Value::Str(Ipv4Addr::from(octets).to_string())),
            Err(_) => Err(Fault::new("OSError", "packed IP wrong length", column)
                .hint(format!("Four bytes, not {}", bytes_repr(&bytes[..bytes.len().min(8)])))),
        },
        ("htons" | "ntohs", value) => match u16::try_from(integer(value, column)?) {
            Ok(number) => Ok(Value::Int(number.to_be().into())),
            Err(_) => Err(Fault::beyond("a number that needs more than 16 bits", column)),
        },
        ("htonl" | "ntohl", value) => match u32::try_from(integer(value, column)?) {
            Ok(number) => Ok(Value::Int(number.to_be().into())),
            Err(_) => Err(Fault::beyond("a number that needs more than 32 bits", column)),
        },
        (name, _) => Err(Fault::beyond(&format!("{name}() of such a value"), column)),
    }
}

#[cfg(test)]
mod tests {
    use super::byte_order;
    use crate::console::value::Value;

    #[test]
    fn the_order_of_the_wire() {
        let of = |name, value| byte_order(name, &[value], true, 0).expect(name);
        // As on every machine that this lab runs on: the lowest byte comes first in memory.
        if cfg!(target_endian = "little") {
            assert_eq!(of("htons", Value::Int(80)), Value::Int(20480));
            assert_eq!(of("ntohl", Value::Int(1)), Value::Int(0x0100_0000));
        }
        assert_eq!(of("inet_aton", Value::Str("10.0.0.1".into())), Value::Bytes(vec![10, 0, 0, 1]));
        assert_eq!(of("inet_ntoa", Value::Bytes(vec![10, 0, 0, 1])), Value::Str("10.0.0.1".into()));
        assert!(byte_order("htons", &[Value::Int(65536)], true, 0).is_err());
    }
}
