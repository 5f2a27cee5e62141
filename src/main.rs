//! The process edge: arguments, environment, exit code.

fn main() {}
