//! The one integration test binary: the real program against fakes, on repositories that the tests build.

mod fakes;
