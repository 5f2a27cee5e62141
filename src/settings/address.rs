//! The address of the ingest API. A Bearer token travels to it, which decides what is accepted.

use url::{Host, Url};

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedAddress {
    /// No absolute URL.
    #[error("not an absolute URL such as https://api.example.com")]
    NotAUrl,
    /// A scheme that the API does not speak.
    #[error("neither https nor http")]
    Scheme,
    /// A user name or password in the address would end up in logs.
    #[error("it holds a user name or password; give the token as `token` instead")]
    Credentials,
    /// A query or fragment cannot be kept when the path is completed.
    #[error("it has a query or a fragment; give the base address alone")]
    QueryOrFragment,
    /// The route is added by the tool.
    #[error("it ends in /v1/ingest, which is added to it; leave that out")]
    Route,
    /// The token would cross the network in the clear.
    #[error(
        "plain http to another machine sends the token readable by anyone on the way; use https, or set allow-http: true"
    )]
    PlainHttp,
}

/// Whether an address may be repeated in a message: nothing in it can be a password or a key.
pub(super) fn may_be_shown(text: &str) -> bool {
    !text.contains(['@', '?', '#'])
}

/// Takes the base address of the ingest API.
///
/// # Errors
/// [`RefusedAddress`], with the rule that it breaks.
pub fn api_url(text: &str, allow_http: bool) -> Result<Url, RefusedAddress> {
    let url = Url::parse(text.trim()).map_err(|_| RefusedAddress::NotAUrl)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(RefusedAddress::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RefusedAddress::Credentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(RefusedAddress::QueryOrFragment);
    }
    if url.path().trim_end_matches('/').ends_with("/v1/ingest") {
        return Err(RefusedAddress::Route);
    }
    if url.scheme() == "http" && !allow_http && !is_loopback(&url) {
        return Err(RefusedAddress::PlainHttp);
    }
    Ok(url)
}

/// Whether the address can only mean this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_plain_http_to_this_machine_are_accepted() {
        for text in [
            "https://api.example.com",
            "https://example.com/datascale/",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:8080",
            "http://api.localhost",
        ] {
            assert!(api_url(text, false).is_ok(), "{text}");
        }
    }

    #[test]
    fn an_address_that_would_leak_the_token_is_refused() {
        let refused = |text| api_url(text, false).expect_err(text);
        assert_eq!(refused("http://api.example.com"), RefusedAddress::PlainHttp);
        assert_eq!(refused("http://localhost.example.com"), RefusedAddress::PlainHttp);
        assert_eq!(refused("http://0.0.0.0:1"), RefusedAddress::PlainHttp);
        assert_eq!(refused("https://user:secret@api.example.com"), RefusedAddress::Credentials);
        assert!(api_url("http://api.internal", true).is_ok());
    }

    #[test]
    fn an_address_that_may_hold_a_secret_is_not_repeated() {
        assert!(may_be_shown("http://api.example.com"));
        for text in ["https://user:secret@api.example.com", "user:secret@api.example.com", "https://x/?key=secret"] {
            assert!(!may_be_shown(text), "{text}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_completed_is_refused() {
        let refused = |text| api_url(text, false).expect_err(text);
        assert_eq!(refused("api.example.com"), RefusedAddress::NotAUrl);
        assert_eq!(refused("ftp://api.example.com"), RefusedAddress::Scheme);
        assert_eq!(refused("https://api.example.com/?key=1"), RefusedAddress::QueryOrFragment);
        assert_eq!(refused("https://api.example.com/v1/ingest/"), RefusedAddress::Route);
    }
}
