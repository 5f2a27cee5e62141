//! A refused request: of one file the answer speaks for that file; of several, the one that is broken is found, and the
//! others are sent without it.

use std::collections::BTreeSet;

use super::{Pending, Session};
use crate::ingest::outcome::{FileBucket, FileOutcome};
use crate::ingest::response::{Failure, Refusal};
use crate::ingest::unit::{PlannedRequest, Unit, weight};

impl Session {
    /// The catalog took a request. Had an earlier answer blamed a file of it, the last one blamed was the broken one; of
    /// those blamed before it nobody knows, and they are sent alone.
    pub(super) fn take(&mut self, mut pending: Pending, message: Option<String>) {
        if let Some((unit, failure)) = pending.blamed.pop() {
            self.settle_rejected(&unit, &failure, failure.line);
        }
        self.send_alone(&mut pending);
        // What it says of several files is no word about one.
        let message = message.filter(|_| !pending.request.is_shared());
        self.close(&pending, &FileBucket::Sent, message.as_deref().map(|message| ("", message)));
    }

    pub(super) fn refuse(&mut self, mut pending: Pending, failure: Failure, cause: Refusal) {
        if cause == Refusal::Elsewhere {
            // No word of the API: it says nothing about a file, and other requests would fare the same.
            self.give_up(&pending, &failure);
            return;
        }
        self.found_well();
        if !pending.request.is_shared() || cause == Refusal::AllFiles {
            self.send_alone(&mut pending);
            self.reject(&pending, &failure);
            return;
        }
        let place = failure.line.filter(|_| cause == Refusal::Parser);
        match place.and_then(|line| pending.request.locate(line)) {
            Some((place, line)) => self.set_aside(pending, place, Failure { line: Some(line), ..failure }),
            None => self.bisect(pending),
        }
    }

    /// 413: half as much at once. A single statement cannot be cut.
    pub(super) fn make_smaller(&mut self, mut pending: Pending, failure: Failure) {
        self.too_large = self.too_large.min(weight(&pending.request.content()));
        self.send_alone(&mut pending);
        match pending.request.halves() {
            Some(halves) => self.queue_halves(&pending.request, halves),
            None => self.reject(&pending, &failure),
        }
    }

    /// Sends a request without the file that the answer blames.
    fn set_aside(&mut self, mut pending: Pending, place: usize, failure: Failure) {
        let unit = pending.request.units.remove(place);
        let blamed = [std::mem::take(&mut pending.blamed), vec![(unit, failure)]].concat();
        self.queue.push_front(Pending { blamed, ..Pending::new(pending.request) });
    }

    /// The answer leads to no file: each half is sent by itself.
    fn bisect(&mut self, mut pending: Pending) {
        self.send_alone(&mut pending);
        if let Some(halves) = pending.request.halves() {
            self.queue_halves(&pending.request, halves);
        }
    }

    /// Files that were blamed without proof are sent by themselves: the answer then speaks for the file.
    pub(super) fn send_alone(&mut self, pending: &mut Pending) {
        for (unit, _) in pending.blamed.drain(..).rev() {
            let request = PlannedRequest { units: vec![unit], ..pending.request.clone() };
            self.queue.push_front(Pending::new(request));
        }
    }

    fn queue_halves(&mut self, whole: &PlannedRequest, (first, second): (PlannedRequest, PlannedRequest)) {
        self.reopen(whole, [&first, &second]);
        self.queue.push_front(Pending::new(second));
        self.queue.push_front(Pending::new(first));
    }

    /// Keeps count of parts where a file was cut.
    pub(super) fn reopen(&mut self, whole: &PlannedRequest, halves: [&PlannedRequest; 2]) {
        let parts: Vec<&Unit> = halves.into_iter().flat_map(|half| &half.units).collect();
        if parts.len() > whole.units.len() {
            parts.iter().take(1).for_each(|part| self.ledger.open(&part.path));
        }
    }

    /// The files of a request were refused, all for one reason.
    pub(super) fn reject(&mut self, pending: &Pending, failure: &Failure) {
        let alone = !pending.request.is_shared();
        for unit in pending.request.units.iter().chain(pending.blamed.iter().map(|(unit, _)| unit)) {
            let line = failure.line.filter(|_| alone).and_then(|line| pending.request.locate(line));
            self.settle_rejected(unit, failure, line.map(|(_, line)| line));
        }
    }

    fn settle_rejected(&mut self, unit: &Unit, failure: &Failure, line: Option<u32>) {
        self.ledger.settle(FileOutcome {
            path: unit.path.clone(),
            bucket: FileBucket::Rejected,
            code: Some(failure.code.clone()),
            line,
            message: Some(failure.message.clone()),
        });
    }
}

impl PlannedRequest {
    /// The request in two: files by their number, a single file by its statements. The second waits for the first.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let (first, second) = match self.units.as_slice() {
            [only] => {
                let [first, second] = only.halves()?;
                (vec![first], vec![second])
            }
            units => {
                let (first, second) = units.split_at_checked(units.len() / 2)?;
                (first.to_vec(), second.to_vec())
            }
        };
        let mut after: BTreeSet<_> = self.after.clone();
        after.extend(first.iter().map(|unit| unit.path.clone()));
        Some((Self { units: first, ..self.clone() }, Self { units: second, after, platform: self.platform.clone() }))
    }
}
