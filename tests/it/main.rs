//! The one integration test binary: the real program against fakes, on repositories that the tests build.

#[cfg(test)]
mod changes;
mod fakes;
#[cfg(test)]
mod ingest;
#[cfg(test)]
mod publish;
