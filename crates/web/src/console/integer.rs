//! Integers, as CPython wants them.

use super::{fault::Fault, value::Value};

/// An integer, as CPython wants one.
pub fn integer(value: &Value, column: usize) -> Result<i64, Fault> {
    value.as_int().ok_or_else(|| {
        Fault::type_error(
            format!("'{}' object cannot be interpreted as an integer", value.type_name()),
            column,
        )
    })
}
