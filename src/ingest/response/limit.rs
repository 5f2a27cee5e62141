//! Headers that say when to come back and how many requests are left, in the forms that APIs send them.

use std::time::{Duration, SystemTime};

use crate::ingest::meter::Allowance;

/// Numbers of seconds above this are a point in time, not a span.
const EARLIEST_TIME: u64 = 1_000_000_000;

/// The headers, as sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LimitHeaders {
    /// `Retry-After`.
    pub retry_after: Option<String>,
    /// `Date`: the server's clock, which may differ from ours.
    pub date: Option<String>,
    /// `RateLimit`, which holds both of the following.
    pub combined: Option<String>,
    /// `RateLimit-Remaining` or `X-RateLimit-Remaining`.
    pub remaining: Option<String>,
    /// `RateLimit-Reset` or `X-RateLimit-Reset`.
    pub reset: Option<String>,
}

impl LimitHeaders {
    /// The server's own time.
    pub(super) fn server_time(&self) -> Option<SystemTime> {
        httpdate::parse_http_date(self.date.as_deref()?.trim()).ok()
    }

    /// What is left of the limit.
    pub(super) fn allowance(&self, now: SystemTime) -> Option<Allowance> {
        let of_combined = |names: &[&str]| {
            let parts = self.combined.as_deref()?.split([',', ';']);
            let pairs = parts.filter_map(|part| part.split_once('='));
            pairs.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| names.contains(name))
        };
        let remaining = of_combined(&["r", "remaining"]).map(|(_, value)| value).or(self.remaining.as_deref())?;
        let reset = of_combined(&["t", "reset"]).map(|(_, value)| value).or(self.reset.as_deref())?;
        Some(Allowance { remaining: remaining.trim().parse().ok()?, reset: span(reset, now)? })
    }
}

/// `Retry-After`: seconds, or an HTTP date. A date that has passed means at once.
pub(super) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    span(text, now)
}

fn span(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let until = |time: SystemTime| time.duration_since(now).unwrap_or_default();
    match text.parse() {
        Ok(seconds @ 0..EARLIEST_TIME) => Some(Duration::from_secs(seconds)),
        Ok(time) => Some(SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time)).map_or(Duration::MAX, until)),
        Err(_) => httpdate::parse_http_date(text).ok().map(until),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    #[test]
    fn a_pause_is_seconds_a_date_or_a_point_in_time() {
        let pause = |text| retry_after(text, now()).map(|pause| pause.as_secs());
        assert_eq!(pause(" 7 "), Some(7));
        assert_eq!(pause("Tue, 14 Nov 2023 22:13:30 GMT"), Some(10));
        assert_eq!(pause("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        assert_eq!(pause("1700000020"), Some(20));
        assert_eq!(pause("18446744073709551615"), Some(u64::MAX));
        assert_eq!((pause("soon"), pause("-1"), pause("")), (None, None, None));
    }

    #[test]
    fn the_limit_is_read_in_every_form_that_is_in_use() {
        let expected = Some(Allowance { remaining: 50, reset: Duration::from_secs(30) });
        let text = |text: &str| Some(text.to_owned());
        for combined in ["\"default\";r=50;t=30", "limit=100, remaining=50, reset=30"] {
            let headers = LimitHeaders { combined: text(combined), ..LimitHeaders::default() };
            assert_eq!(headers.allowance(now()), expected, "{combined}");
        }
        for reset in ["30", "1700000030"] {
            let headers = LimitHeaders { remaining: text("50"), reset: text(reset), ..LimitHeaders::default() };
            assert_eq!(headers.allowance(now()), expected, "{reset}");
        }
        let headers = LimitHeaders { remaining: text("many"), reset: text("30"), ..LimitHeaders::default() };
        assert_eq!(headers.allowance(now()), None);
        assert_eq!(LimitHeaders { remaining: text("1"), ..LimitHeaders::default() }.allowance(now()), None);
    }
}
