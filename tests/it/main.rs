//! The one integration test binary: the real program against fakes, on repositories that the tests build.

// `cfg(test)` tells clippy that helpers may use `expect` like the tests do.
#[cfg(test)]
mod changes;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod dbt;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod end_to_end;
#[cfg(test)]
mod fakes;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod ingest;
#[cfg(test)]
mod publish;
#[cfg(test)]
mod report;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod templates;
