//! The one way out: a `reqwest` client with timeouts, our user agent, the system's and the user's certificates, and no
//! redirect to another host. Used by `ingest`, `changes::api` and (under octocrab) `publish`.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest response body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How we call ourselves.
pub const USER_AGENT: &str = concat!("ingest-action/", env!("CARGO_PKG_VERSION"));
/// The longest that a connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a request may take, its answer included.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The file given as `ca-bundle` could not be read.
    #[error("ca-bundle {} cannot be read", path.display())]
    CaBundleUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file given as `ca-bundle` is no PEM bundle, or the system has no certificates at all.
    #[error("no HTTPS client can be made: certificates are missing or unreadable")]
    Tls(#[source] reqwest::Error),
}

/// Makes the client. Proxies come from HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
///
/// # Errors
/// [`HttpError`] when certificates cannot be had.
pub fn client(ca_bundle: Option<&Path>) -> Result<reqwest::Client, HttpError> {
    build(reqwest::Client::builder(), ca_bundle)
}

/// Makes a client that asks no proxy, whatever the environment says: for addresses of this machine. A proxy would take
/// the token out of it, and would look for the address on a machine of its own.
///
/// # Errors
/// [`HttpError`] when certificates cannot be had.
pub fn direct_client(ca_bundle: Option<&Path>) -> Result<reqwest::Client, HttpError> {
    build(reqwest::Client::builder().no_proxy(), ca_bundle)
}

fn build(builder: reqwest::ClientBuilder, ca_bundle: Option<&Path>) -> Result<reqwest::Client, HttpError> {
    install_crypto_provider();
    let mut builder = builder
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(Duration::from_secs(30))
        .timeout(TOTAL_TIMEOUT)
        .redirect(same_host_only());
    if let Some(path) = ca_bundle {
        let pem =
            std::fs::read(path).map_err(|source| HttpError::CaBundleUnreadable { path: path.to_path_buf(), source })?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(HttpError::Tls)?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(HttpError::Tls)
}

/// The process-wide crypto provider of rustls (ring). Installing it twice is harmless.
fn install_crypto_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // A second thread may have installed it in between; then ours is not needed.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

/// Tokens go to their own host only: a redirect that changes scheme, host or port is not followed.
fn same_host_only() -> reqwest::redirect::Policy {
    reqwest::redirect::Policy::custom(|attempt| {
        let origin =
            |url: &url::Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default());
        let first = attempt.previous().first().map(origin);
        if attempt.previous().len() > 5 || first != Some(origin(attempt.url())) {
            attempt.stop()
        } else {
            attempt.follow()
        }
    })
}
