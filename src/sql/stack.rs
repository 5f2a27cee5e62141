//! Room for deep recursion: parsers, renderers and the dropping of what they build recurse as deep as their input nests.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

/// A chain of 100,000 operators is real (generated lists). Only what is used of this becomes memory.
const STACK_BYTES: usize = 512 * 1024 * 1024;

/// How many runs away from [`within`] may be left behind before no further one is begun.
const MOST_LEFT_BEHIND: usize = 3;

static LEFT_BEHIND: AtomicUsize = AtomicUsize::new(0);

/// Runs on threads whose stacks are large, on all cores; on the caller's own where no threads can be had.
pub fn on_large_stacks<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    match rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Runs on another thread with a large stack; `None` when it does not end in time, and then that thread is left behind until
/// the work or the process ends. The last resort for code of others that counts its work, but not all of it.
pub fn within<R: Send + 'static>(time: Duration, work: impl FnOnce() -> R + Send + 'static) -> Option<R> {
    run_within(&LEFT_BEHIND, time, work)
}

fn run_within<R: Send + 'static>(
    left_behind: &'static AtomicUsize,
    time: Duration,
    work: impl FnOnce() -> R + Send + 'static,
) -> Option<R> {
    if left_behind.load(Ordering::Relaxed) >= MOST_LEFT_BEHIND {
        return None;
    }
    let (send, receive) = mpsc::channel();
    let helper = HELPER.take().or_else(helper)?;
    // Whoever comes first settles it: the work with its end, or this thread with its patience at an end.
    let settled = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&settled);
    let run = move || {
        let done = work();
        if ends.swap(true, Ordering::AcqRel) {
            left_behind.fetch_sub(1, Ordering::Relaxed);
        }
        drop(send.send(done));
    };
    helper.send(Box::new(run)).ok()?;
    let done = match receive.recv_timeout(time) {
        Err(RecvTimeoutError::Timeout) => {
            left_behind.fetch_add(1, Ordering::Relaxed);
            if !settled.swap(true, Ordering::AcqRel) {
                return None;
            }
            left_behind.fetch_sub(1, Ordering::Relaxed);
            receive.recv().ok()
        }
        done => done.ok(),
    };
    if done.is_some() {
        HELPER.set(Some(helper));
    }
    done
}

type Work = Box<dyn FnOnce() + Send>;

thread_local! {
    /// Where the thread that works for this one takes its work from. It ends with this one.
    static HELPER: Cell<Option<Sender<Work>>> = const { Cell::new(None) };
}

/// A thread with a large stack that waits for work.
fn helper() -> Option<Sender<Work>> {
    let (send, receive) = mpsc::channel::<Work>();
    let work = move || receive.into_iter().for_each(|work| work());
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).ok().map(|_| send)
}

/// Drops what is large or deep on a thread of its own, so that nobody waits for it.
pub fn drop_aside(value: impl Send + 'static) {
    // Without a thread it is dropped here, with the closure.
    drop(std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || drop(value)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_recursion_has_room() {
        fn down(depth: u64) -> u64 {
            if depth == 0 { 0 } else { std::hint::black_box(1 + down(std::hint::black_box(depth - 1))) }
        }
        assert_eq!(on_large_stacks(|| down(400_000)), 400_000);
        assert_eq!(within(Duration::from_secs(60), || down(400_000)), Some(400_000));
    }

    #[test]
    fn work_that_ends_late_leaves_room_for_other_work() {
        static LEFT: AtomicUsize = AtomicUsize::new(0);
        let late = || {
            let (let_go, wait) = mpsc::channel::<()>();
            (run_within(&LEFT, Duration::ZERO, move || wait.recv().is_ok()), let_go)
        };
        let held: Vec<_> = (0..MOST_LEFT_BEHIND).map(|_| late()).collect();
        assert!(held.iter().all(|(done, _)| done.is_none()));
        assert_eq!(run_within(&LEFT, Duration::from_secs(60), || 1), None);
        drop(held);
        while LEFT.load(Ordering::Relaxed) > 0 {
            std::thread::yield_now();
        }
        assert_eq!(run_within(&LEFT, Duration::from_secs(60), || 1), Some(1));
    }
}
