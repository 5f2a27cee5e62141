//! Which files share a request.
//!
//! Up to the budget none do: each answer then speaks of one file. Beyond it, files of one platform share requests in
//! their order, as evenly as can be and each within the largest size. A third of the budget is left free, for a broken
//! file among others costs requests to find.

use std::collections::{BTreeMap, BTreeSet};

use super::{PlanOptions, Sendable};
use crate::ingest::unit::{PlannedRequest, Unit, weight};
use crate::path::RepoPath;

/// Bytes that the comment line and the terminator of a file take, besides its path.
const SECTION_BYTES: usize = 24;

/// A request on its way to be full.
struct Draft {
    /// Place of its first file in the order.
    place: usize,
    platform: Option<String>,
    units: Vec<Unit>,
    weight: usize,
}

/// The requests for files in their order.
pub(super) fn pack(files: Vec<Sendable>, options: &PlanOptions) -> Vec<PlannedRequest> {
    let upstream: BTreeMap<RepoPath, BTreeSet<RepoPath>> =
        files.iter().map(|file| (file.unit.path.clone(), file.upstream.clone())).collect();
    let mut drafts = Drafts::new(&files, options);
    for (place, file) in files.into_iter().enumerate() {
        for unit in file.unit.parts(options.max_request_bytes) {
            drafts.add(place, &file.platform, unit);
        }
    }
    linked(drafts.finish(), &upstream)
}

struct Drafts {
    /// Files that share one request of each platform at most; 1: none share.
    share: BTreeMap<Option<String>, usize>,
    limit: usize,
    open: BTreeMap<Option<String>, Draft>,
    full: Vec<Draft>,
}

impl Drafts {
    fn new(files: &[Sendable], options: &PlanOptions) -> Self {
        let mut count: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for file in files {
            *count.entry(file.platform.clone()).or_default() += 1;
        }
        let budget = options.limits.max_requests.max(1);
        let wanted = if files.len() <= budget { files.len() } else { (budget - budget / 3).max(1) };
        let share = |of_platform: usize| {
            let requests = (of_platform * wanted / files.len().max(1)).max(1);
            of_platform.div_ceil(requests)
        };
        let share = count.into_iter().map(|(platform, files)| (platform, share(files))).collect();
        Self { share, limit: options.max_request_bytes, open: BTreeMap::new(), full: Vec::new() }
    }

    fn add(&mut self, place: usize, platform: &Option<String>, unit: Unit) {
        let more = weight(&unit.content) + weight(unit.path.as_str()) + SECTION_BYTES;
        let share = self.share.get(platform).copied().unwrap_or(1);
        let is_full = |draft: &Draft| draft.units.len() >= share || draft.weight + more > self.limit;
        if self.open.get(platform).is_some_and(is_full) {
            self.full.extend(self.open.remove(platform));
        }
        let draft = self.open.entry(platform.clone()).or_insert_with(|| Draft {
            place,
            platform: platform.clone(),
            units: Vec::new(),
            weight: 0,
        });
        draft.units.push(unit);
        draft.weight += more;
    }

    /// All requests in the order of their first files.
    fn finish(self) -> Vec<Draft> {
        let mut drafts = self.full;
        drafts.extend(self.open.into_values());
        drafts.sort_by_key(|draft| draft.place);
        drafts
    }
}

/// Adds which files of earlier requests each one waits for.
fn linked(drafts: Vec<Draft>, upstream: &BTreeMap<RepoPath, BTreeSet<RepoPath>>) -> Vec<PlannedRequest> {
    let mut earlier: BTreeSet<RepoPath> = BTreeSet::new();
    let mut requests = Vec::with_capacity(drafts.len());
    for Draft { platform, units, .. } in drafts {
        let own: BTreeSet<&RepoPath> = units.iter().map(|unit| &unit.path).collect();
        let wanted = own.iter().filter_map(|path| upstream.get(*path)).flatten();
        // Of a file in parts, the later ones wait for the earlier ones.
        let after = wanted.chain(own.iter().copied()).filter(|path| earlier.contains(*path)).cloned().collect();
        earlier.extend(own.into_iter().cloned());
        requests.push(PlannedRequest { platform, units, after });
    }
    requests
}
