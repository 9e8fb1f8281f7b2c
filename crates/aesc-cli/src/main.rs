//! The `aesc` binary.
fn main() {}
