//! Repository chores. 
fn main() {}
