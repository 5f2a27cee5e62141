//! How patient the stores are: when a call is tried again, and after which pause.
//!
//! Only reads are repeated in here. Writes are not: after a write whose fate is unclear, [`super::publish_comment`]
//! reads again first.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

use super::store::StoreError;

/// Bounds of the patience.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Tries of one read, the first included.
    pub tries: u32,
    /// The pause after a failure where the server asks for none; grows with each try.
    pub pause: Duration,
    /// The pause after a rate limit that does not say how long; GitHub asks for at least a minute.
    pub limit_pause: Duration,
    /// A server that asks for more than this is not waited for.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { tries: 3, pause: Duration::from_millis(500), limit_pause: minute, longest_pause: minute }
    }
}

impl Patience {
    /// Calls a read until it succeeds, fails for good, or the tries are used up.
    pub(super) async fn read<T, Call, Answer>(&self, call: Call) -> Result<T, StoreError>
    where
        Call: Fn() -> Answer,
        Answer: Future<Output = Result<T, StoreError>>,
    {
        let mut tried = 1;
        loop {
            match call().await {
                Err(StoreError::Transient { pause, .. }) if tried < self.tries => {
                    tokio::time::sleep(pause.saturating_mul(tried).min(self.longest_pause)).await;
                    tried += 1;
                }
                answer => return answer,
            }
        }
    }

    /// The error for an answer with this status: worth another try, or final.
    pub(super) fn judge(&self, status: u16, headers: Option<&HeaderMap>, message: String) -> StoreError {
        let asked = headers.and_then(|headers| requested_pause(headers, SystemTime::now()));
        // GitHub's secondary rate limits come as 403.
        let limited = status == 429 || (status == 403 && (asked.is_some() || message.contains("rate limit")));
        let pause = asked.unwrap_or(if limited { self.limit_pause } else { self.pause });
        match status {
            _ if limited && pause > self.longest_pause => StoreError::Refused {
                status,
                message: format!("{message} (the rate limit asks to wait {} s)", pause.as_secs()),
            },
            _ if limited || matches!(status, 408 | 500..=599) => StoreError::Transient {
                what: format!("HTTP {status}: {message}"),
                pause: pause.min(self.longest_pause),
            },
            _ => StoreError::Refused { status, message },
        }
    }
}

/// The pause that the answer asks for: `Retry-After` (seconds or a date), or GitHub's time of reset when nothing
/// remains of the rate limit.
fn requested_pause(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let until = |time: SystemTime| time.duration_since(now).unwrap_or(Duration::ZERO);
    if let Some(value) = text("retry-after") {
        let seconds = value.parse().map(Duration::from_secs).ok();
        return seconds.or_else(|| httpdate::parse_http_date(value).ok().map(until));
    }
    let exhausted = text("x-ratelimit-remaining") == Some("0");
    let reset = text("x-ratelimit-reset").filter(|_| exhausted)?.parse().ok()?;
    Some(until(SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn the_pause_is_read_from_seconds_dates_and_reset_times() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_747);
        let pause = |pairs| requested_pause(&headers(pairs), now).map(|pause| pause.as_secs());
        assert_eq!(pause(&[("retry-after", "7")]), Some(7));
        assert_eq!(pause(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), Some(30));
        assert_eq!(pause(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]), Some(0));
        assert_eq!(pause(&[("retry-after", "soon")]), None);
        assert_eq!(pause(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "784111757")]), Some(10));
        assert_eq!(pause(&[("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", "784111757")]), None);
        assert_eq!(pause(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "18446744073709551615")]), None);
    }

    #[test]
    fn limits_and_server_errors_are_worth_another_try_and_refusals_are_not() {
        let judge = |status, pairs| {
            let patience = Patience::default();
            matches!(
                patience.judge(status, Some(&headers(pairs)), String::new()),
                StoreError::Transient { pause, .. } if pause <= patience.longest_pause
            )
        };
        assert!(judge(429, &[]));
        assert!(judge(502, &[("retry-after", "99999")]));
        assert!(judge(403, &[("retry-after", "1")]));
        assert!(!judge(403, &[]));
        assert!(!judge(429, &[("retry-after", "3600")]));
        assert!(!judge(422, &[]));
        assert!(!judge(307, &[]));
    }
}
