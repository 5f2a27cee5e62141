//! How many requests the API takes, and when the next one may go. Pure: the time is a value, counted from the start.
//!
//! A request counts from when it goes until one window after its answer came: the API cannot have counted it later.

use std::collections::VecDeque;
use std::time::Duration;

/// What an answer tells of the limit (`RateLimit` headers).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Requests that are left; of the token, whoever makes them.
    pub remaining: usize,
    /// Until they are given anew.
    pub reset: Duration,
}

/// The count of requests.
#[derive(Debug, Clone)]
pub struct Meter {
    max_requests: usize,
    window: Duration,
    in_flight: usize,
    /// When the answers of the last window came.
    answered: VecDeque<Duration>,
    /// The API asked for no request before this.
    closed_until: Duration,
    /// Requests that the API said are left, and when that ends.
    told: Option<(usize, Duration)>,
}

impl Meter {
    /// A meter for at most so many requests in any window.
    #[must_use]
    pub fn new(max_requests: usize, window: Duration) -> Self {
        Self { max_requests, window, in_flight: 0, answered: VecDeque::new(), closed_until: Duration::ZERO, told: None }
    }

    /// When a request may go: now, later, or (`None`) not before one that is on its way is answered.
    pub fn free_at(&mut self, now: Duration) -> Option<Duration> {
        let is_past = |at: &Duration| at.saturating_add(self.window) <= now;
        while self.answered.front().is_some_and(is_past) {
            self.answered.pop_front();
        }
        self.told = self.told.filter(|(_, until)| *until > now);
        let mut free = now.max(self.closed_until);
        if self.in_flight + self.answered.len() >= self.max_requests {
            free = free.max(self.answered.front()?.saturating_add(self.window));
        }
        if let Some((0, until)) = self.told {
            free = free.max(until);
        }
        Some(free)
    }

    /// Counts a request that goes.
    pub fn start(&mut self) {
        self.in_flight += 1;
        if let Some((remaining, _)) = &mut self.told {
            *remaining = remaining.saturating_sub(1);
        }
    }

    /// Counts its answer.
    pub fn answer(&mut self, now: Duration) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.answered.push_back(now);
    }

    /// Takes note of what an answer told. Requests on their way may not be counted in it.
    pub fn hear(&mut self, allowance: Allowance, now: Duration) {
        let remaining = allowance.remaining.saturating_sub(self.in_flight);
        self.told = Some((remaining, now.saturating_add(allowance.reset.min(self.window.saturating_mul(2)))));
    }

    /// Lets no request go for a while.
    pub fn close(&mut self, pause: Duration, now: Duration) {
        self.closed_until = self.closed_until.max(now.saturating_add(pause));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_window_holds_no_more_requests_than_allowed() {
        let mut meter = Meter::new(2, seconds(300));
        for now in [0, 10] {
            assert_eq!(meter.free_at(seconds(now)), Some(seconds(now)));
            meter.start();
        }
        assert_eq!(meter.free_at(seconds(10)), None, "both are on their way");
        meter.answer(seconds(12));
        assert_eq!(meter.free_at(seconds(12)), Some(seconds(312)));
        meter.answer(seconds(20));
        assert_eq!(meter.free_at(seconds(400)), Some(seconds(400)));
    }

    #[test]
    fn what_the_api_tells_is_kept_to() {
        let mut meter = Meter::new(90, seconds(300));
        meter.hear(Allowance { remaining: 1, reset: seconds(30) }, seconds(0));
        assert_eq!(meter.free_at(seconds(0)), Some(seconds(0)));
        meter.start();
        assert_eq!(meter.free_at(seconds(1)), Some(seconds(30)));
        assert_eq!(meter.free_at(seconds(31)), Some(seconds(31)));
        meter.close(seconds(60), seconds(31));
        assert_eq!(meter.free_at(seconds(40)), Some(seconds(91)));
    }

    #[test]
    fn a_reset_in_a_distant_future_closes_for_two_windows_at_most() {
        let mut meter = Meter::new(90, seconds(300));
        meter.hear(Allowance { remaining: 0, reset: Duration::MAX }, seconds(5));
        assert_eq!(meter.free_at(seconds(5)), Some(seconds(605)));
        meter.close(Duration::MAX, seconds(5));
        assert_eq!(meter.free_at(seconds(5)), Some(Duration::MAX));
    }

    proptest! {
        #[test]
        fn any_window_of_the_server_holds_no_more_than_allowed(
            takes in proptest::collection::vec((0u64..50, 0u64..20), 1..60),
            max in 1usize..8,
        ) {
            // Each request waits for its turn, is counted by the server at its end, and the next follows after a pause.
            let window = seconds(100);
            let mut meter = Meter::new(max, window);
            let (mut now, mut arrivals) = (Duration::ZERO, Vec::new());
            for (pause, takes) in takes {
                now = meter.free_at(now).expect("none is on its way");
                meter.start();
                arrivals.push(now + seconds(takes));
                now += seconds(takes);
                meter.answer(now);
                now += seconds(pause);
            }
            for (at, first) in arrivals.iter().enumerate() {
                let within = arrivals.iter().skip(at).filter(|arrival| **arrival < *first + window).count();
                prop_assert!(within <= max);
            }
        }
    }
}
