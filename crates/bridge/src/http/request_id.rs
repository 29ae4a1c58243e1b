//! What a request is called, so that what a page says of a failure is found in the server's log. The server makes it: it is
//! short, and nobody else's text.

use std::fmt;

use crate::secret::{secret, spell};

/// Letters beside the node's name: 40 bits, enough to find one request among those of a log.
const LETTERS: usize = 8;

/// The name of one request: `a-k7m2pxq4`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// The next one's, on the node of this name. Where the kernel has no randomness it is like others': it names, and guards
    /// nothing.
    pub(crate) fn new(node: &str) -> Self {
        let random = secret().unwrap_or_default();
        Self(format!("{node}-{}", &spell(&random)[..LETTERS]))
    }

    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::RequestId;

    #[test]
    fn each_request_has_a_name_of_its_own_that_may_stand_in_a_header() {
        let (one, other) = (RequestId::new("b3"), RequestId::new("b3"));
        assert_ne!(one, other);
        assert!(one.as_str().starts_with("b3-") && one.as_str().len() == 11, "{one}");
        assert!(one.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    }
}
